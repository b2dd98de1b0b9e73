import { describeDamage } from '../support/damage.ts'

// An object of each kind, four times, with all that clients ask for: half a minute and more on a bucket.
describeDamage('s3', 'first')
describeDamage('filesystem', 'all')
