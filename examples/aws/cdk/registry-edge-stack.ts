import { CfnOutput, Duration, Stack, type StackProps } from 'aws-cdk-lib'
import { Certificate } from 'aws-cdk-lib/aws-certificatemanager'
import * as cloudfront from 'aws-cdk-lib/aws-cloudfront'
import { S3BucketOrigin } from 'aws-cdk-lib/aws-cloudfront-origins'
import * as iam from 'aws-cdk-lib/aws-iam'
import * as s3 from 'aws-cdk-lib/aws-s3'
import type { Construct } from 'constructs'

export interface RegistryEdgeProps extends StackProps {
  /**
   * Public halves of the keys that sign, PEM, by a name of your own; 1 to 5. Never change one in place: CloudFront refuses that. Add
   * another name.
   */
  publicKeys: Record<string, string>
  /** Code of the CloudFront Function. */
  functionCode: string
  /** Name of the new bucket; by default one that CloudFormation makes. */
  bucketName?: string
  /** Name of your own for the distribution, and the ARN of its certificate in us-east-1; by default `d111111abcdef8.cloudfront.net`. */
  domain?: { name: string; certificateArn: string }
  /** Directory of the bucket that URLs begin in, such as `/registry`, as in `originpath` of the cloudfront middleware; by default none. */
  originPath?: string
  /** ARN of the KMS key of the s3 driver's `encrypt` with `keyid`; its key policy lets CloudFront decrypt. By default there is none. */
  kmsKeyArn?: string
  /** Origins of pages that upload to the bucket themselves, such as `https://app.example.com`; by default none. */
  uploadOrigins?: string[]
  /** All edge locations by default. */
  priceClass?: cloudfront.PriceClass
  /** True by default. False for `bindClientIp`, which knows IPv4 addresses only. */
  enableIpv6?: boolean
  /** Name of a bucket with ACLs enabled that receives access logs; by default there are none. */
  logBucketName?: string
  /** Service that runs the registry and takes its role, `ec2.amazonaws.com` by default; `none` makes the policy alone. */
  roleService?: string
}

/** A private bucket and a CloudFront distribution with signed URLs in front of it, for a registry on Longshore. */
export class RegistryEdgeStack extends Stack {
  constructor(scope: Construct, id: string, props: RegistryEdgeProps) {
    super(scope, id, props)
    const bucket = new s3.Bucket(this, 'Bucket', {
      ...(props.bucketName === undefined ? {} : { bucketName: props.bucketName }),
      objectOwnership: s3.ObjectOwnership.BUCKET_OWNER_ENFORCED,
      blockPublicAccess: s3.BlockPublicAccess.BLOCK_ALL,
      encryption: s3.BucketEncryption.S3_MANAGED,
      enforceSSL: true,
      lifecycleRules: [{ id: 'abort-incomplete-uploads', abortIncompleteMultipartUploadAfter: Duration.days(7) }],
      ...(props.uploadOrigins?.length && {
        cors: [
          {
            allowedOrigins: props.uploadOrigins,
            allowedMethods: [s3.HttpMethods.PUT],
            allowedHeaders: ['content-type', 'x-amz-*'],
            maxAge: 3600,
          },
        ],
      }),
    })
    const keys = Object.entries(props.publicKeys).map(([name, encodedKey]) => ({
      name,
      key: new cloudfront.PublicKey(this, `SigningKey-${name}`, { encodedKey }),
    }))
    const distribution = this.#distribution(
      props,
      bucket,
      keys.map(({ key }) => key),
    )
    const { policy, role } = this.#access(bucket, props)

    new CfnOutput(this, 'BucketName', { description: 'storage.s3.bucket', value: bucket.bucketName })
    new CfnOutput(this, 'Region', { description: 'storage.s3.region', value: this.region })
    new CfnOutput(this, 'BaseUrl', {
      description: 'baseurl of the cloudfront middleware',
      value: `https://${props.domain?.name ?? distribution.distributionDomainName}/`,
    })
    for (const { name, key } of keys) {
      new CfnOutput(this, `KeyPairId-${name}`, {
        description: 'keypairid of the cloudfront middleware',
        value: key.publicKeyId,
      })
    }
    new CfnOutput(this, 'DistributionDomainName', {
      description: 'Target of the CNAME or alias record for a name of your own',
      value: distribution.distributionDomainName,
    })
    new CfnOutput(this, 'DistributionArn', {
      description: 'Distribution that may decrypt, for the policy of a KMS key',
      value: distribution.distributionArn,
    })
    new CfnOutput(this, 'DriverPolicyArn', {
      description: 'IAM policy for whatever runs the registry',
      value: policy.managedPolicyArn,
    })
    if (role) new CfnOutput(this, 'RoleArn', { description: 'Role for the registry', value: role.roleArn })
  }

  #distribution(props: RegistryEdgeProps, bucket: s3.IBucket, keys: cloudfront.IPublicKey[]): cloudfront.Distribution {
    const edgeFunction = new cloudfront.Function(this, 'EdgeFunction', {
      comment: 'Docker-Content-Digest, preflights, no tokens for S3',
      runtime: cloudfront.FunctionRuntime.JS_2_0,
      code: cloudfront.FunctionCode.fromInline(props.functionCode),
    })
    const { domain, logBucketName } = props
    return new cloudfront.Distribution(this, 'Distribution', {
      comment: this.stackName,
      httpVersion: cloudfront.HttpVersion.HTTP2_AND_3,
      enableIpv6: props.enableIpv6 ?? true,
      priceClass: props.priceClass ?? cloudfront.PriceClass.PRICE_CLASS_ALL,
      ...(domain && {
        domainNames: [domain.name],
        certificate: Certificate.fromCertificateArn(this, 'Certificate', domain.certificateArn),
        minimumProtocolVersion: cloudfront.SecurityPolicyProtocol.TLS_V1_2_2021,
      }),
      ...(logBucketName !== undefined && {
        logBucket: s3.Bucket.fromBucketName(this, 'LogBucket', logBucketName),
        logFilePrefix: `${this.stackName}/`,
      }),
      defaultBehavior: {
        origin: S3BucketOrigin.withOriginAccessControl(bucket, {
          originId: 'bucket',
          // None by default: keys hold the driver's root directory already.
          ...(props.originPath !== undefined && { originPath: props.originPath }),
          originAccessControl: new cloudfront.S3OriginAccessControl(this, 'OriginAccessControl', {
            signing: cloudfront.Signing.SIGV4_ALWAYS,
          }),
        }),
        viewerProtocolPolicy: cloudfront.ViewerProtocolPolicy.HTTPS_ONLY,
        allowedMethods: cloudfront.AllowedMethods.ALLOW_GET_HEAD_OPTIONS,
        cachedMethods: cloudfront.CachedMethods.CACHE_GET_HEAD,
        // Compression would change bytes that have a digest.
        compress: false,
        cachePolicy: this.#cachePolicy(),
        originRequestPolicy: new cloudfront.OriginRequestPolicy(this, 'OriginRequestPolicy', {
          comment: 'Nothing reaches the bucket but what is in the cache key',
          cookieBehavior: cloudfront.OriginRequestCookieBehavior.none(),
          headerBehavior: cloudfront.OriginRequestHeaderBehavior.none(),
          queryStringBehavior: cloudfront.OriginRequestQueryStringBehavior.none(),
        }),
        responseHeadersPolicy: this.#responseHeadersPolicy(),
        trustedKeyGroups: [new cloudfront.KeyGroup(this, 'KeyGroup', { items: keys })],
        functionAssociations: [
          { eventType: cloudfront.FunctionEventType.VIEWER_REQUEST, function: edgeFunction },
          { eventType: cloudfront.FunctionEventType.VIEWER_RESPONSE, function: edgeFunction },
        ],
      },
      // CloudFront remembers errors for 10 seconds: a blob that is pushed in the meantime would seem to be missing.
      errorResponses: [
        { httpStatus: 403, ttl: Duration.seconds(0) },
        { httpStatus: 404, ttl: Duration.seconds(0) },
      ],
    })
  }

  #cachePolicy(): cloudfront.CachePolicy {
    return new cloudfront.CachePolicy(this, 'CachePolicy', {
      comment: 'Paths and the parameters of downloads, no signatures',
      minTtl: Duration.seconds(0),
      defaultTtl: Duration.days(1),
      maxTtl: Duration.days(365),
      cookieBehavior: cloudfront.CacheCookieBehavior.none(),
      headerBehavior: cloudfront.CacheHeaderBehavior.none(),
      queryStringBehavior: cloudfront.CacheQueryStringBehavior.allowList(
        'response-cache-control',
        'response-content-disposition',
        'response-content-encoding',
        'response-content-language',
        'response-content-type',
      ),
      enableAcceptEncodingBrotli: false,
      enableAcceptEncodingGzip: false,
    })
  }

  #responseHeadersPolicy(): cloudfront.ResponseHeadersPolicy {
    return new cloudfront.ResponseHeadersPolicy(this, 'ResponseHeadersPolicy', {
      comment: 'What a browser may do with what users have pushed',
      securityHeadersBehavior: {
        contentSecurityPolicy: { contentSecurityPolicy: "default-src 'none'; sandbox", override: true },
        contentTypeOptions: { override: true },
        strictTransportSecurity: { accessControlMaxAge: Duration.days(365), override: true },
      },
    })
  }

  /** The driver's rights, and a role that has them. */
  #access(
    bucket: s3.IBucket,
    { kmsKeyArn, roleService: service = 'ec2.amazonaws.com' }: RegistryEdgeProps,
  ): { policy: iam.ManagedPolicy; role: iam.Role | undefined } {
    const policy = new iam.ManagedPolicy(this, 'DriverPolicy', {
      description: 'What the s3 driver asks of its bucket',
      statements: [
        new iam.PolicyStatement({
          actions: ['s3:ListBucket', 's3:ListBucketMultipartUploads'],
          resources: [bucket.bucketArn],
        }),
        new iam.PolicyStatement({
          actions: [
            's3:PutObject',
            's3:GetObject',
            's3:DeleteObject',
            's3:ListMultipartUploadParts',
            's3:AbortMultipartUpload',
          ],
          resources: [bucket.arnForObjects('*')],
        }),
        ...(kmsKeyArn === undefined
          ? []
          : [new iam.PolicyStatement({ actions: ['kms:GenerateDataKey', 'kms:Decrypt'], resources: [kmsKeyArn] })]),
      ],
    })
    if (service === 'none') return { policy, role: undefined }
    const role = new iam.Role(this, 'Role', {
      assumedBy: new iam.ServicePrincipal(service),
      managedPolicies: [policy],
    })
    if (service === 'ec2.amazonaws.com') new iam.InstanceProfile(this, 'InstanceProfile', { role })
    return { policy, role }
  }
}
