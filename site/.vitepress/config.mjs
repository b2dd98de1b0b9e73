import { siteLink } from '../pages.mjs'

/** @type {import('vitepress').UserConfig} */
export default {
  title: 'Longshore',
  description: 'Push to S3, pull from the edge: a storage stack for artifact services',
  lang: 'en',
  srcDir: '.pages',
  outDir: 'dist',
  cacheDir: '.cache',
  cleanUrls: true,
  // The links of the READMEs were written for GitHub, which has no such rule for names.
  markdown: {
    anchor: { slugify: githubSlug },
    config: md => {
      md.core.ruler.push('repository-links', state => {
        for (const token of state.tokens.flatMap(block => block.children ?? [])) {
          if (token.type === 'link_open') token.attrSet('href', siteLink(state.env.relativePath, token.attrGet('href')))
        }
      })
    },
  },
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    socialLinks: [{ icon: 'github', link: 'https://github.com/longshore/longshore' }],
    nav: [
      { text: 'Start', link: '/' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
      { text: 'Reference', link: '/reference/middleware-core' },
    ],
    sidebar: [
      {
        text: 'Start',
        items: [
          { text: 'Start here', link: '/' },
          { text: 'From an empty AWS account', link: '/aws' },
          { text: 'Architecture', link: '/architecture' },
          { text: 'Troubleshooting', link: '/troubleshooting' },
        ],
      },
      {
        text: 'Concepts',
        items: [{ text: 'Signed URLs and their cache', link: '/concepts/signed-urls' }],
      },
      {
        text: 'Guides',
        items: [{ text: 'Costs per operation', link: '/guides/costs' }],
      },
      {
        text: 'Reference',
        items: [
          { text: 'middleware-core', link: '/reference/middleware-core' },
          { text: 's3-driver', link: '/reference/s3-driver' },
          { text: 'middleware-cloudfront', link: '/reference/middleware-cloudfront' },
          { text: 'registry', link: '/reference/registry' },
          { text: 'AWS templates', link: '/reference/aws-templates' },
          { text: 'local-cloud', link: '/reference/local-cloud' },
        ],
      },
    ],
  },
}

/** The name that GitHub gives to a heading. */
function githubSlug(heading) {
  return heading
    .trim()
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}\s_-]/gu, '')
    .replace(/\s/g, '-')
}
