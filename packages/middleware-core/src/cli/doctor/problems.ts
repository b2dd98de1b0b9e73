import type { Problem } from './check.ts'

export const wrongConfiguration: Problem = {
  name: 'configuration',
  severity: 'failed',
  symptom: 'The service does not start.',
  cause: 'The configuration is not what the program that runs it accepts.',
  remedy: 'Change it to what the message says is accepted. Options are listed in the README of each package.',
}

export const oddConfiguration: Problem = {
  name: 'configuration-odd',
  severity: 'warning',
  symptom: 'A setting does not do what was meant.',
  cause: 'The configuration has something that is ignored or out of date.',
  remedy: 'Remove it, or write what the message says.',
}

export const noAnswer: Problem = {
  name: 'no-answer',
  severity: 'failed',
  symptom: 'Requests hang.',
  cause: 'The other side accepts the connection and does not answer, or something between drops packets.',
  remedy: 'Look at firewalls, security groups, proxies and VPC endpoints between this machine and the server.',
}

export const unexpected: Problem = {
  name: 'unexpected',
  severity: 'failed',
  symptom: 'An error that no other line explains.',
  cause: 'A check met what it does not know.',
  remedy: 'Read the message. With --debug in front of the command every request that fails is shown whole.',
}

export const filesNotWritten: Problem = {
  name: 'files-not-written',
  severity: 'failed',
  symptom: 'Pushes fail.',
  cause: 'The storage does not keep a file as it was written.',
  remedy: 'Read the message: permissions, free space and quotas of the storage are the usual reasons.',
}

export const filesNotChanged: Problem = {
  name: 'files-not-changed',
  severity: 'failed',
  symptom: 'Pushes fail at their end, or nothing can be deleted.',
  cause: 'The storage does not list, move or delete files.',
  remedy: 'Give the storage the permissions that its README lists.',
}

export const scratchLeft: Problem = {
  name: 'scratch-left',
  severity: 'warning',
  symptom: 'A directory longshore-doctor-... stays in the storage.',
  cause: 'The files of the checks could not be removed.',
  remedy: 'Remove them by hand: longshore rm CONFIG PATH.',
}

/** Problems that every stack may have. */
export const problems: readonly Problem[] = [
  wrongConfiguration,
  oddConfiguration,
  noAnswer,
  unexpected,
  filesNotWritten,
  filesNotChanged,
  scratchLeft,
]
