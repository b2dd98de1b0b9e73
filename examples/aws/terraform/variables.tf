variable "name" {
  description = "Name of all that is made; 40 characters at most"
  type        = string
  default     = "longshore"

  validation {
    condition     = can(regex("^[A-Za-z0-9-]{1,40}$", var.name))
    error_message = "The name has 1 to 40 letters, digits and hyphens."
  }
}

variable "public_keys" {
  description = "Public halves of the keys that sign, PEM, by a name of your own: { first = file(\"public.pem\") }. Never change one in place: add another name"
  type        = map(string)

  validation {
    condition     = length(var.public_keys) >= 1 && length(var.public_keys) <= 5
    error_message = "A key group has 1 to 5 keys."
  }
}

variable "bucket_name" {
  description = "Name of the new bucket; null for one that begins with the name"
  type        = string
  default     = null
}

variable "domain_name" {
  description = "Name of your own for the distribution, with certificate_arn; null for d111111abcdef8.cloudfront.net"
  type        = string
  default     = null
}

variable "certificate_arn" {
  description = "ARN of the certificate for domain_name, in us-east-1; one needs the other"
  type        = string
  default     = null
}

variable "origin_path" {
  description = "Directory of the bucket that URLs begin in (/registry), as in originpath of the cloudfront middleware; empty for none"
  type        = string
  default     = ""

  validation {
    condition     = can(regex("^(/.*[^/])?$", var.origin_path))
    error_message = "An Origin Path begins with a slash and does not end with one."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key of the s3 driver's encrypt with keyid; its key policy lets CloudFront decrypt. Null for none"
  type        = string
  default     = null
}

variable "upload_origins" {
  description = "Origins of pages that upload to the bucket themselves: [\"https://app.example.com\"]"
  type        = list(string)
  default     = []
}

variable "price_class" {
  description = "PriceClass_100, PriceClass_200 or PriceClass_All"
  type        = string
  default     = "PriceClass_All"
}

variable "enable_ipv6" {
  description = "False for bindClientIp, which knows IPv4 addresses only"
  type        = bool
  default     = true
}

variable "log_bucket" {
  description = "Domain name of a bucket with ACLs enabled that receives access logs (logs.s3.amazonaws.com); null for none"
  type        = string
  default     = null
}

variable "role_service" {
  description = "Service that runs the registry and takes its role: ec2.amazonaws.com or ecs-tasks.amazonaws.com; null makes the policy alone"
  type        = string
  default     = "ec2.amazonaws.com"
}
