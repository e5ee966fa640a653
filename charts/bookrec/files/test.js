// Asks the API through its Service: it serves, its store answers, and lists come or the model is not trained yet.
// Tries for half a minute, since network policies can take effect late.
const base = process.env.API_URL;
const end = Date.now() + 30_000;

async function check() {
  const health = await (await fetch(`${base}/health`)).json();
  if (health.store?.connected !== true) throw new Error(`store: ${JSON.stringify(health)}`);
  const answer = await fetch(`${base}/recommend/8`);
  const body = await answer.json();
  const fine =
    answer.status === 200 ? body.recommendations.length > 0 : body.code === 'NOT_TRAINED';
  if (!fine) throw new Error(`recommend: ${answer.status} ${JSON.stringify(body)}`);
  return answer.status === 200 ? 'recommends' : 'serves; the model is not trained yet';
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
