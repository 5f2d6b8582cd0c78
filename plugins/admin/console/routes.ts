/** The pages, in the order of the menu. The server answers each of these paths with the console (`pages.ts`). */
import {
  IconAdjustments,
  IconBell,
  IconDashboard,
  IconHistory,
  IconListDetails,
  IconPhotoSpark,
  IconPlug,
  IconRouteAltLeft,
  IconStethoscope,
  IconTerminal2,
  IconUsers,
} from '@tabler/icons-react'
import { lazy } from 'react'
import { texts } from './texts.ts'

const { nav } = texts

/** Each page is a file of its own, fetched when it is first opened. */
export const PAGES = [
  { path: '/', text: nav.overview, icon: IconDashboard, page: lazy(() => import('./pages/overview/index.tsx')) },
  { path: '/accounts', text: nav.accounts, icon: IconUsers, page: lazy(() => import('./pages/accounts/index.tsx')) },
  {
    path: '/playground',
    text: nav.playground,
    icon: IconPhotoSpark,
    page: lazy(() => import('./pages/playground/index.tsx')),
  },
  { path: '/jobs', text: nav.jobs, icon: IconListDetails, page: lazy(() => import('./pages/jobs/index.tsx')) },
  {
    path: '/settings',
    text: nav.settings,
    icon: IconAdjustments,
    page: lazy(() => import('./pages/settings/index.tsx')),
  },
  { path: '/plugins', text: nav.plugins, icon: IconPlug, page: lazy(() => import('./pages/plugins/index.tsx')) },
  {
    path: '/proxies',
    text: nav.proxies,
    icon: IconRouteAltLeft,
    page: lazy(() => import('./pages/proxies/index.tsx')),
  },
  { path: '/alerts', text: nav.alerts, icon: IconBell, page: lazy(() => import('./pages/alerts/index.tsx')) },
  { path: '/logs', text: nav.logs, icon: IconTerminal2, page: lazy(() => import('./pages/logs/index.tsx')) },
  { path: '/audit', text: nav.audit, icon: IconHistory, page: lazy(() => import('./pages/audit/index.tsx')) },
  { path: '/doctor', text: nav.doctor, icon: IconStethoscope, page: lazy(() => import('./pages/doctor/index.tsx')) },
] as const

/** Pages that the menu does not list. */
export const INNER = [
  { path: '/jobs/:id', page: lazy(() => import('./pages/jobs/job.tsx')) },
  { path: '/settings/:section', page: lazy(() => import('./pages/settings/index.tsx')) },
  { path: '/security', page: lazy(() => import('./pages/security/index.tsx')) },
] as const
