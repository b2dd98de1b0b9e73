export { doctor } from './doctor/index.ts'
export { policies } from './policy/index.ts'
