export { doctor } from './doctor/index.ts'
