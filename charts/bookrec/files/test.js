// Asks the API through its Service: it serves, its store answers, and lists come or the model is not trained yet.
// Tries for half a minute, since network policies can take effect late.
const base = process.env.API_URL;
const key = process.env.API_KEY;
const end = Date.now() + 30_000;

async function ask(path) {
  const headers = key ? { Authorization: `Bearer ${key}` } : {};
  const answer = await fetch(base + path, { headers });
  return { status: answer.status, body: await answer.json() };
}

async function check() {
  const ready = await ask('/readyz');
  if (ready.status !== 200) throw new Error(`not ready: ${JSON.stringify(ready.body)}`);
  const health = await ask('/health');
  // Keys of somebody else's Secret are not this test's to know.
  if (!key && health.status === 401) return 'serves; asks for a key, as it should';
  if (health.body.store?.connected !== true)
    throw new Error(`store: ${JSON.stringify(health.body)}`);
  const { status, body } = await ask('/recommend/8');
  const fine = status === 200 ? body.recommendations.length > 0 : body.code === 'NOT_TRAINED';
  if (!fine) throw new Error(`recommend: ${status} ${JSON.stringify(body)}`);
  return status === 200 ? 'recommends' : 'serves; the model is not trained yet';
}

for (;;) {
  try {
    console.log(await check());
    break;
  } catch (error) {
    if (Date.now() > end) throw error;
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}
