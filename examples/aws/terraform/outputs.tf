output "bucket" {
  description = "storage.s3.bucket"
  value       = aws_s3_bucket.this.id
}

output "region" {
  description = "storage.s3.region"
  value       = aws_s3_bucket.this.region
}

output "base_url" {
  description = "baseurl of the cloudfront middleware"
  value       = "https://${coalesce(var.domain_name, aws_cloudfront_distribution.this.domain_name)}/"
}

output "key_pair_ids" {
  description = "keypairid of the cloudfront middleware, by the name of the key"
  value       = { for name, key in aws_cloudfront_public_key.this : name => key.id }
}

output "distribution_domain_name" {
  description = "Target of the CNAME or alias record for domain_name"
  value       = aws_cloudfront_distribution.this.domain_name
}

output "distribution_arn" {
  description = "Distribution that may decrypt, for the policy of a KMS key"
  value       = aws_cloudfront_distribution.this.arn
}

output "driver_policy_arn" {
  description = "IAM policy for whatever runs the registry"
  value       = aws_iam_policy.driver.arn
}

output "role_arn" {
  description = "Role for the registry, or null"
  value       = one(aws_iam_role.registry[*].arn)
}
