/** Actions on a resource: the unit in which rights are asked for and given, as token servers know it. */
export interface Scope {
  readonly type: 'repository' | 'registry'
  /** Name of the repository, or `catalog`. */
  readonly name: string
  readonly actions: readonly Action[]
}

export type Action = 'pull' | 'push' | 'delete' | '*'

/** Makes the scope of pulling from a repository. */
export function pullScope(repository: string): Scope {
  return { type: 'repository', name: repository, actions: ['pull'] }
}

/** Scope of listing all repositories. */
export const catalogScope: Scope = { type: 'registry', name: 'catalog', actions: ['*'] }

/** Formats scopes as a challenge names them: `repository:a/b:pull,push repository:c:pull`. */
export function scopeText(scopes: readonly Scope[]): string {
  return scopes.map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`).join(' ')
}
