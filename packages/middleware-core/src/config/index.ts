export { Config, loadConfig, parseConfig } from './config.ts'
export { createStorage } from './create-storage.ts'
export { IssueCollector } from './issue-collector.ts'
export { nearest } from '../options/nearest.ts'
