/** npm `openai` 7, unchanged. */
import OpenAI from 'openai'
import { openaiSuite } from './openai.suite.ts'

openaiSuite('openai 7', OpenAI)
