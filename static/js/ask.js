// Asks the server for parts of a page and posts to it. A refusal is thrown as a Refused error with its sentences.

const UNREACHABLE = "The site cannot be reached right now. Nothing was lost; try again in a moment.";
const OLD_PAGE = "This page has grown old. Reload it and try again; what you typed is kept.";
const OUR_FAULT = "Something broke on our side. Nothing was charged; try again in a moment.";

export class Refused extends Error {
  constructor(message, { status = 0, errors = [] } = {}) {
    super(message);
    this.status = status;
    this.errors = errors;
  }
}

function csrfToken() {
  return document.querySelector("[name=csrfmiddlewaretoken]")?.value ?? "";
}

async function refusal(response) {
  const problem = response.headers.get("Content-Type")?.includes("json") ? await response.json() : {};
  const errors = problem.errors ?? (problem.detail ? [problem] : []);
  const fallback = response.status === 403 ? OLD_PAGE : OUR_FAULT;
  return new Refused(errors[0]?.detail ?? fallback, { status: response.status, errors });
}

export async function ask(url, options = {}) {
  let response;
  try {
    response = await fetch(url, { ...options, headers: { "X-Requested-With": "fetch", ...options.headers } });
  } catch (error) {
    if (error.name === "AbortError") throw error;
    throw new Refused(UNREACHABLE);
  }
  if (!response.ok) throw await refusal(response);
  return response;
}

export function post(url, body, options = {}) {
  return ask(url, { ...options, method: "POST", body, headers: { "X-CSRFToken": csrfToken() } });
}

/** The elements of an answer that is a fragment of a page. Scripts in it would not run. */
export async function elementsOf(response) {
  const text = await response.text();
  return [...new DOMParser().parseFromString(text, "text/html").body.children].map((element) =>
    document.adoptNode(element),
  );
}
