import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { readDocument } from '../../kernel/config/document.ts'
import { hashOf, normalize } from '../../kernel/config/normalize.ts'
import { DatabaseSection, parsePlugins, ServerSection } from '../../kernel/config/schema.ts'

/** What users rely on: every section, key and default. These names are kept for ever. */
const SETTINGS: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  global: { api_key: '', admin_username: 'admin', admin_password: '' },
  server: {
    host: '127.0.0.1',
    port: 8000,
    public_url: '',
    cors_origins: ['*'],
    drain_timeout_s: 60,
    setup_timeout_s: 30,
    rollback_window_s: 60,
    watch: false,
    max_body_mb: 128,
  },
  database: { url: '' },
  flow: {
    labs_base_url: 'https://labs.google/fx/api',
    api_base_url: 'https://aisandbox-pa.googleapis.com/v1',
    timeout: 120,
    poll_interval: 3,
    max_poll_attempts: 200,
  },
  generation: {
    image_timeout: 300,
    video_timeout: 1500,
    stall_timeout_s: 600,
    max_queue: 1000,
    heartbeat_s: 15,
    retention_days: 30,
    max_data_mb: 1024,
    idempotency_ttl_s: 86400,
    retry_window_s: 600,
  },
  models: { default_image: 'gemini-3.0-pro-image', default_video: 'veo_3_1_t2v_fast', aliases: {} },
  admin: { error_ban_threshold: 3, selection: 'least_loaded', connection_token: '' },
  proxy: {
    proxy_enabled: false,
    proxy_url: '',
    pool: [],
    fallback: 'direct',
    media_proxy_url: '',
    test_url: 'https://www.cloudflare.com/cdn-cgi/trace',
  },
  cache: { enabled: true, timeout: 7200, base_url: '', max_size_mb: 10240 },
  webhooks: {
    url: '',
    events: ['image.completed', 'image.failed', 'video.completed', 'video.failed'],
    secret: '',
    allow_private: false,
    timeout_s: 10,
    give_up_after_h: 24,
  },
  metrics: { require_key: true, key: '' },
  alerts: {
    rules: [
      'account_disabled',
      'account_needs_session',
      'pool_low',
      'credits_low',
      'error_rate',
      'slow',
      'disk_low',
      'memory_high',
    ],
    check_every_s: 30,
    hold_s: 60,
    recover_after_s: 300,
    pool_ready_share: 0.25,
    credits_least: 0,
    credits_last_h: 24,
    window_s: 900,
    least_jobs: 5,
    error_rate: 0.3,
    slow_image_s: 120,
    slow_video_s: 900,
    disk_free_mb: 1024,
    memory_mb: 2048,
    quiet_from: '',
    quiet_to: '',
    quiet_time_zone: '',
    quiet_except: [],
    webhook_url: '',
    webhook_secret: '',
    slack_url: '',
    discord_url: '',
    telegram_token: '',
    telegram_chat: '',
    telegram_api_url: 'https://api.telegram.org',
    allow_private: false,
    smtp_url: '',
    email_from: '',
    email_to: [],
    timeout_s: 10,
    give_up_after_h: 6,
  },
  debug: { enabled: false, log_requests: true, log_responses: true, mask_token: true },
}
const PLUGINS = [
  'auth',
  'token-pool',
  'proxy',
  'cache',
  'debug',
  'flow-provider',
  'generation',
  'openai-surface',
  'gemini-surface',
  'webhooks',
  'metrics',
  'alerts',
  'admin',
]

const folder = join(import.meta.dir, '../../config')
const read = (name: string) => readDocument({ file: join(folder, name), overrides: null, env: {} })._unsafeUnwrap()

describe('config/setting.toml', () => {
  const document = read('setting.toml')

  test('lists every setting with its default', () => {
    const { plugins: _, ...values } = document.values
    expect(values).toEqual(SETTINGS)
  })

  test('lists every built-in plugin, switched on', () => {
    const declared = parsePlugins(document)._unsafeUnwrap()
    expect(declared.map(({ id }) => id)).toEqual(PLUGINS)
    expect(declared.every(({ enabled, use }) => enabled && use === null)).toBe(true)
  })

  test('a comment stands with every section', () => {
    const text = readFileSync(join(folder, 'setting.toml'), 'utf8')
    const sections = text.split(/^\[/m).slice(1)
    expect(sections.filter(section => !section.includes('#'))).toEqual([])
  })

  test("the kernel's own defaults are these", () => {
    const kernel = [
      { name: 'server', schema: ServerSection, owner: 'kernel' },
      { name: 'database', schema: DatabaseSection, owner: 'kernel' },
    ]
    const none = readDocument({ file: null, overrides: null, env: {} })._unsafeUnwrap()
    expect(normalize(none, kernel)._unsafeUnwrap()).toEqual({
      server: { ...SETTINGS['server'] },
      database: { ...SETTINGS['database'] },
    })
  })
})

describe.each([
  'setting_warp.toml',
  'examples/development.toml',
  'examples/production.toml',
  'examples/high-performance.toml',
])('config/%s', name => {
  const document = read(name)

  test('loads without a problem', () => {
    expect(document.problems).toEqual([])
    const declared = parsePlugins(document)._unsafeUnwrap()
    expect(declared.filter(({ id, use }) => use === null && !PLUGINS.includes(id))).toEqual([])
  })

  test('uses known settings, with values of the right kind', () => {
    for (const [section, values] of Object.entries(document.values).filter(([section]) => section !== 'plugins'))
      for (const [key, value] of Object.entries(values)) {
        expect(Object.keys(SETTINGS[section] ?? {})).toContain(key)
        expect([section, key, typeof value]).toEqual([section, key, typeof SETTINGS[section]?.[key]])
      }
  })

  test('differs from the defaults', () => {
    expect(hashOf(document.values)).not.toBe(hashOf({}))
  })
})

test('the WARP template never goes around WARP', () => {
  expect(read('setting_warp.toml').values['proxy']).toEqual({
    proxy_enabled: true,
    proxy_url: 'socks5://127.0.0.1:40000',
    fallback: 'none',
  })
})
