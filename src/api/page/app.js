// @ts-check
/** Script of the page: asks the API and draws its lists. */

const TOP_K = 10;
/** Where the key lies in the tab's storage. */
const KEY = 'bookrec-key';
const SVG = 'http://www.w3.org/2000/svg';

/** @type {Map<string, number>} Ratings typed in, by ISBN. */
const mine = new Map();
/** @type {number[]} Ratings that can be given, in rising order. */
let levels = Array.from({ length: 10 }, (_, i) => i + 1);
let scale = { low: 1, high: 10 };
/** Number of the newest question; answers to older ones are dropped. */
let asked = 0;
/** Stored reader whose list is shown: ratings of its books are kept. Null for a list from the ratings typed in. */
let shownReader = /** @type {string | null} */ (null);

/** @param {string} id */
function byId(id) {
  const found = document.getElementById(id);
  if (found === null) throw new Error(`no element ${id}`);
  return found;
}

/** @param {string} id */
function field(id) {
  return /** @type {HTMLInputElement} */ (byId(id));
}

/**
 * @param {string} tag
 * @param {string} className
 * @param {...(Node | string)} children
 */
function element(tag, className, ...children) {
  const made = document.createElement(tag);
  made.className = className;
  made.append(...children);
  return made;
}

/**
 * @param {string} text
 * @param {string} label
 * @param {() => void} onClick
 */
function button(text, label, onClick) {
  const made = element('button', '', text);
  made.setAttribute('type', 'button');
  made.setAttribute('aria-label', label);
  made.addEventListener('click', onClick);
  return made;
}

/**
 * @param {string} className
 * @param {number} from
 * @param {number} to
 * @param {{ y: number, height: number }} place
 */
function bar(className, from, to, place) {
  const rect = document.createElementNS(SVG, 'rect');
  const at = (/** @type {number} */ value) =>
    (100 * (value - scale.low)) / (scale.high - scale.low);
  rect.setAttribute('class', className);
  rect.setAttribute('x', String(at(from)));
  rect.setAttribute('width', String(Math.max(at(to) - at(from), 0)));
  rect.setAttribute('y', String(place.y));
  rect.setAttribute('height', String(place.height));
  return rect;
}

/** The interval and the expected rating on the whole scale. */
function drawInterval(/** @type {any} */ book) {
  const [low, high] = book.confidence_interval;
  const drawing = document.createElementNS(SVG, 'svg');
  drawing.setAttribute('viewBox', '0 0 100 8');
  drawing.setAttribute('preserveAspectRatio', 'none');
  drawing.setAttribute('aria-hidden', 'true');
  const tick = 0.006 * (scale.high - scale.low);
  drawing.append(
    bar('scale', scale.low, scale.high, { y: 3.5, height: 1 }),
    bar('band', low, high, { y: 1.5, height: 5 }),
    bar('mean', book.predicted_rating - tick, book.predicted_rating + tick, { y: 0, height: 8 }),
  );
  return drawing;
}

function drawBook(/** @type {any} */ book) {
  const [low, high] = book.confidence_interval;
  const { reader, book: ofBook, noise } = book.uncertainty_parts;
  const { open, choice } = rater(book);
  const score = element(
    'div',
    'score',
    element('strong', '', book.predicted_rating.toFixed(1)),
    ` 95 %: ${low.toFixed(1)} to ${high.toFixed(1)}`,
    drawInterval(book),
  );
  const chance = 100 * book.interest;
  score.append(
    element('div', 'interest', `Interest ${chance.toFixed(chance < 1 ? 2 : 1)} %: ${book.signal}`),
  );
  score.title = `Standard deviation ${book.uncertainty.toFixed(2)}: reader ${reader.toFixed(2)}, book ${ofBook.toFixed(2)}, noise ${noise.toFixed(2)}`;
  const by = [book.author, book.year, book.isbn].filter(Boolean).join(' · ');
  return element(
    'li',
    '',
    element('span', 'rank', String(book.rank)),
    element(
      'div',
      '',
      element('div', 'title', book.title),
      element('div', 'by', `${by} `, open),
      choice,
      element('div', 'because', reasons(book)),
    ),
    score,
  );
}

/** A button that opens the ratings that the book can be given. */
function rater(/** @type {any} */ book) {
  const choice = element(
    'div',
    'levels',
    ...levels.map((level) =>
      button(String(level), `Give ${book.title} a ${level}`, () => void rate(book, level)),
    ),
  );
  choice.hidden = true;
  const open = button('Rate it', `Rate ${book.title}`, () => {
    choice.hidden = !choice.hidden;
    open.setAttribute('aria-expanded', String(!choice.hidden));
    if (!choice.hidden) choice.querySelector('button')?.focus();
  });
  open.setAttribute('aria-expanded', 'false');
  return { open, choice };
}

/**
 * Rates a book of the list, for the stored reader whose list it is, else for this page alone, and shows the list that follows.
 *
 * @param {any} book
 * @param {number} level
 */
async function rate(book, level) {
  const reader = shownReader;
  if (reader === null) {
    mine.set(book.isbn, level);
    await showMine();
  } else {
    const ratings = [{ user_id: reader, isbn: book.isbn, rating: level }];
    const kept = await send('/feedback', { ratings });
    if (!kept) return;
    await showReader(reader, `${book.title} is rated ${level}.`);
  }
  byId('list-title').focus();
}

/**
 * Sends JSON; says what went wrong and leaves the list as it is where it was not taken.
 *
 * @param {string} url
 * @param {object} body
 */
async function send(url, body) {
  try {
    const response = await ask(url, jsonBody(body));
    if (response.ok) return true;
    const { title, detail } = await response.json();
    byId('status').textContent = `The rating was not kept: ${title}. ${detail}`;
  } catch (error) {
    byId('status').textContent = `The rating was not kept: ${messageOf(error)}`;
  }
  return false;
}

/** @param {unknown} error */
function messageOf(error) {
  return error instanceof Error ? error.message : String(error);
}

/**
 * @param {object} body
 * @returns {RequestInit}
 */
function jsonBody(body) {
  return {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  };
}

/** The ratings that a prediction comes from most. */
function reasons(/** @type {any} */ { explanation }) {
  if (!explanation?.because.length) return '';
  const named = explanation.because
    .slice(0, 2)
    .map(
      (/** @type {any} */ { title, isbn, rating, share }) =>
        `you gave ${title || isbn} a ${rating} (${share < 0 ? '' : '+'}${share.toFixed(2)})`,
    );
  return `Because ${named.join(' and ')}`;
}

/** What the last rating did to the intervals of the list. */
function narrowed(/** @type {any} */ answer) {
  const last = answer.narrowed?.at(-1);
  if (last === undefined) return '';
  const widths = `${last.spread_before.toFixed(2)} to ${last.spread_after.toFixed(2)}`;
  return `Your last rating took the mean interval from ${widths}.`;
}

function basis(/** @type {any} */ answer) {
  const stored = 'user_id' in answer;
  if (answer.source !== 'prior') {
    return stored ? 'From the ratings of this reader.' : 'From your ratings.';
  }
  return stored ? 'No rating of this reader is known.' : 'From no rating.';
}

function summary(/** @type {any} */ answer) {
  const parts = [
    basis(answer),
    narrowed(answer),
    answer.degraded ? 'The store is away: this is not the personal list.' : '',
    answer.unknown_isbns?.length ? `Not known: ${answer.unknown_isbns.join(', ')}.` : '',
    `Model ${answer.model_version}.`,
  ];
  return parts.filter(Boolean).join(' ');
}

/**
 * Asks the API with the key of this tab, where there is one; shows the field for it where the server wants another.
 *
 * @param {string} url
 * @param {RequestInit} [options]
 */
async function ask(url, options = {}) {
  const headers = new Headers(options.headers);
  const key = sessionStorage.getItem(KEY);
  if (key !== null) headers.set('Authorization', `Bearer ${key}`);
  // What the browser keeps does not know of ratings given since.
  const response = await fetch(url, { cache: 'no-cache', ...options, headers });
  if (response.status === 401 || response.status === 403) {
    byId('key-section').hidden = false;
    // A link carries no key.
    byId('links').hidden = true;
  }
  return response;
}

/**
 * Shows the list that the API answers with.
 *
 * @param {string} title
 * @param {string} url
 * @param {{ options?: RequestInit, reader?: string | null, said?: string }} [more] `said` goes before the summary
 */
async function show(title, url, { options, reader = null, said = '' } = {}) {
  const number = ++asked;
  byId('status').textContent = 'Asking…';
  try {
    const answer = await answerOf(url, options);
    if (number !== asked) return;
    shownReader = reader;
    byId('list-title').textContent = title;
    byId('status').textContent = `${said} ${summary(answer)}`.trim();
    byId('rate-hint').textContent =
      reader === null
        ? 'Ratings given in the list join those above.'
        : `Ratings given in the list are kept for reader ${reader}, and count at once.`;
    byId('list').replaceChildren(...answer.recommendations.map(drawBook));
    offerMore(answer, url, number);
  } catch (error) {
    if (number !== asked) return;
    byId('status').textContent = messageOf(error);
    byId('list').replaceChildren();
    byId('more').hidden = true;
  }
}

/**
 * @param {string} url
 * @param {RequestInit} [options]
 */
async function answerOf(url, options) {
  const response = await ask(url, options);
  const answer = await response.json();
  if (!response.ok) throw new Error(`${answer.title}. ${answer.detail}`);
  return answer;
}

/**
 * Offers the next page, where there is one.
 *
 * @param {any} answer
 * @param {string} url of the first page
 * @param {number} number of the question
 */
function offerMore({ next }, url, number) {
  const more = byId('more');
  more.hidden = !next;
  more.onclick = async () => {
    more.hidden = true;
    try {
      const answer = await answerOf(`${url}&cursor=${next}`);
      if (number !== asked) return;
      const added = answer.recommendations.map(drawBook);
      byId('list').append(...added);
      offerMore(answer, url, number);
      added[0]?.querySelector('button')?.focus();
    } catch (error) {
      if (number === asked) byId('status').textContent = messageOf(error);
    }
  };
}

/**
 * @param {string} id
 * @param {string} [said]
 */
function showReader(id, said) {
  if (id === '') return foldIn('Books for somebody unknown', []);
  const url = `/recommend/${encodeURIComponent(id)}?top_k=${TOP_K}&explain=true`;
  return show(`Books for reader ${id}`, url, { reader: id, said });
}

/** The reader whose id is in the field. */
function askedReader() {
  return field('reader').value.trim();
}

/**
 * @param {string} title
 * @param {{ isbn: string, rating: number }[]} ratings
 */
function foldIn(title, ratings) {
  const options = jsonBody({ ratings, top_k: TOP_K, explain: true });
  return show(title, '/recommend', { options });
}

/** Focus stays where the removed row was: on the row that follows, else the last one, else the field for a book. */
function focusRow(/** @type {number} */ place) {
  const buttons = byId('mine').querySelectorAll('button');
  (buttons[Math.min(place, buttons.length - 1)] ?? field('isbn')).focus();
}

function showMine() {
  byId('mine').replaceChildren(
    ...[...mine].map(([isbn, rating], place) => {
      const remove = button('Remove', `Remove ${isbn}`, () => {
        mine.delete(isbn);
        void showMine();
        focusRow(place);
      });
      return element('li', '', element('span', '', `${isbn}: ${rating}`), remove);
    }),
  );
  const ratings = [...mine].map(([isbn, rating]) => ({ isbn, rating }));
  return foldIn(ratings.length === 0 ? 'Books for somebody unknown' : 'Books for you', ratings);
}

/** Fills the choice of ratings with the levels of the model's scale. */
async function readScale() {
  const response = await ask('/stats');
  if (response.ok) levels = (await response.json()).rating_scale;
  scale = { low: levels[0] ?? 1, high: levels.at(-1) ?? 10 };
  const best = [...levels].reverse();
  byId('rating').replaceChildren(...best.map((level) => new Option(String(level))));
}

byId('key-form').addEventListener('submit', async (event) => {
  event.preventDefault();
  sessionStorage.setItem(KEY, field('key').value.trim());
  field('key').value = '';
  byId('key-section').hidden = true;
  await readScale();
  await showReader(askedReader());
});

byId('reader-form').addEventListener('submit', (event) => {
  event.preventDefault();
  void showReader(askedReader());
});

byId('rating-form').addEventListener('submit', (event) => {
  event.preventDefault();
  mine.set(field('isbn').value.trim(), Number(field('rating').value));
  field('isbn').value = '';
  void showMine();
});

await readScale();
await showReader(askedReader());
