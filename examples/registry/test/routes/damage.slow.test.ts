import { describeDamage } from '../support/damage.ts'

// Each of some thirty objects, four times, with all that clients ask for: half a minute and more on a bucket.
describeDamage('s3', 'all')
