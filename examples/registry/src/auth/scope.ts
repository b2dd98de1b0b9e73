/** What is done to something: the unit in which rights are asked for and given, as token servers know it. */
export interface Scope {
  readonly type: 'repository' | 'registry'
  /** A repository's name, or `catalog`. */
  readonly name: string
  readonly actions: readonly Action[]
}

export type Action = 'pull' | 'push' | 'delete' | '*'

/** Pulling from a repository. */
export function pulling(repository: string): Scope {
  return { type: 'repository', name: repository, actions: ['pull'] }
}

/** Listing all repositories. */
export const listingRepositories: Scope = { type: 'registry', name: 'catalog', actions: ['*'] }

/** `repository:a/b:pull,push repository:c:pull`, as a challenge names them. */
export function scopeText(scopes: readonly Scope[]): string {
  return scopes.map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`).join(' ')
}
