/** For `longshore check` and `longshore doctor`, which read a configuration as the registry does. */
export { checkConfiguration as checkConfig } from '../check-configuration.ts'
export { loadRegistryConfig as loadConfig } from '../config/load.ts'
