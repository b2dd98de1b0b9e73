export { Config, loadConfig, parseConfig } from './config.ts'
export { createStorage } from './create-storage.ts'
export { nearest } from '../options/nearest.ts'
