// One agent's answer goes on to another. Both are scripted, so it needs no account; to let real agents work, name
// another backend. Run it in a folder of a project that has the package: node pipe.ts
// prints: reviewer: Approved.
import { openWorkshop, scriptedBackend } from 'atelier'

const shop = await openWorkshop({ dir: '.', backends: [scriptedBackend()] })
try {
  shop.configure({ backend: 'scripted' })
  shop.agent('impl', 'You write clean, tested code.', {
    backendConfig: { reply: 'Added a cache to lib/store.js.' },
  })
  shop.agent('reviewer', 'Review only.', { backendConfig: { reply: 'Approved.' } })
  const review = await shop.ask('impl', 'Implement caching').pipe('reviewer', 'Review for correctness')
  console.log(`${review.agent}: ${review.text}`)
} finally {
  await shop.close()
}
