import type { ConnectionOptions } from 'node:tls'
import { Redis, type RedisOptions } from 'ioredis'
import { readOptionFile } from '../../config/option-file.ts'
import type { RedisSettings } from '../../config/redis.ts'

/** Time that the end of a connection may take, which a process that ends waits for. */
const DISCONNECT_TIMEOUT_MS = 100

/** Time between two attempts to connect, at the most. */
const MAX_RETRY_DELAY_MS = 1000

/**
 * Creates a client, which connects when it is told to, and again whenever the connection is lost. A command without a
 * connection fails at once, and none is sent twice: what is late must not undo a delete that came after it. Throws a
 * `ConfigError` for a file that cannot be read.
 */
export async function createRedisClient(settings: RedisSettings): Promise<Redis> {
  const { addresses, sentinel, username, password, db, clientName, dialTimeoutMs, commandTimeoutMs } = settings
  const tls = settings.tls && (await tlsOptions(settings.tls))
  const [address] = addresses
  const where: RedisOptions = sentinel
    ? {
        sentinels: [...addresses],
        name: sentinel.masterName,
        ...(sentinel.username !== undefined && { sentinelUsername: sentinel.username }),
        ...(sentinel.password !== undefined && { sentinelPassword: sentinel.password }),
        ...(tls && { sentinelTLS: tls, enableTLSForSentinelMode: true }),
      }
    : { ...address }
  const options: Omit<RedisOptions, 'replyMapping'> = {
    ...where,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(clientName !== undefined && { connectionName: clientName }),
    ...(tls && { tls }),
    db,
    connectTimeout: dialTimeoutMs,
    disconnectTimeout: DISCONNECT_TIMEOUT_MS,
    commandTimeout: commandTimeoutMs,
    retryStrategy: attempts => Math.min(100 * attempts, MAX_RETRY_DELAY_MS),
    sentinelRetryStrategy: attempts => Math.min(100 * attempts, MAX_RETRY_DELAY_MS),
    // After a failover the server that was asked takes no writes any more.
    reconnectOnError: error => error.message.startsWith('READONLY'),
    lazyConnect: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 0,
    // Servers that are not Redis, and old ones, know neither.
    protocol: 2,
    disableClientInfo: true,
  }
  return new Redis(options)
}

async function tlsOptions({ client, cas }: NonNullable<RedisSettings['tls']>): Promise<ConnectionOptions> {
  const read = (option: string, path: string): Promise<string> => readOptionFile(['redis', 'tls', option], path)
  const ca: string[] = []
  for (const path of cas) ca.push(await read('clientcas', path))
  return {
    ...(client && { cert: await read('certificate', client.certificate), key: await read('key', client.key) }),
    ...(ca.length > 0 && { ca }),
  }
}
