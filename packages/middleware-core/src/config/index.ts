export { Config, loadConfig, parseConfig } from './config.ts'
export { createStorage } from './create-storage.ts'
