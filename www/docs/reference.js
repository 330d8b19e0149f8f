// @ts-check
// A description in OpenAPI, as a reference shows it: routes by noun, who may ask, what goes in and out, refusals.

/** @typedef {{ name: string, kind: string, isNeeded: boolean, words: string }} Field */
/** @typedef {{ code: string, status: string, retry: boolean | undefined }} Refusal */
/**
 * @typedef {object} Operation
 * @property {string} method
 * @property {string} path
 * @property {string} what
 * @property {string} who
 * @property {Field[]} parameters
 * @property {string} body the name of its shape; "" without one
 * @property {{ status: string, shape: string, type: string }[]} answers
 * @property {Refusal[]} refusals
 */

/**
 * What each noun is called above its routes, in the order in which people come to need them. Others are called by
 * themselves, and come after these.
 *
 * @type {Record<string, string>}
 */
const TITLES = {
  beat: "Beats",
  channels: "Channels",
  users: "People",
  feed: "Following by server-sent events",
  socket: "Following and beating by a WebSocket",
  punches: "The punch clock",
  sessions: "Sessions",
  stats: "Statistics",
};

/** What is said of the routes that are not of the API. */
const SERVER = "The server itself";

/** What each way to say who asks is called. @type {Record<string, string>} */
const WAYS = {
  bearer: "a token",
  visit: "the e-mail gate's cookie",
  metricsToken: "the metrics' own token",
  cronSecret: "the cron job's secret",
  cronHeader: "the same in x-cron-secret",
};

const nameOf = (/** @type {any} */ schema) => schema?.$ref?.split("/").at(-1) ?? "";

/** Where references lead. @type {(document: any, thing: any) => any} */
function followed(document, thing) {
  if (!thing?.$ref) return thing;
  return thing.$ref.slice(2).split("/").reduce((/** @type {any} */ at, /** @type {string} */ key) => at?.[key], document);
}

/** What a value is, in words. @type {(schema: any) => string} */
export function kindOf(schema) {
  if (!schema) return "";
  if (schema.$ref) return nameOf(schema);
  if (schema.enum) return schema.enum.map((/** @type {unknown} */ word) => JSON.stringify(word)).join(" or ");
  const several = schema.oneOf ?? schema.anyOf;
  if (several) return several.map(kindOf).join(" or ");
  if (schema.prefixItems) return `[${schema.prefixItems.map(kindOf).join(", ")}]`;
  if (schema.items) return `list of ${kindOf(schema.items)}`;
  if (schema.format === "date-time") return "moment";
  return [schema.type ?? "anything"].flat().join(" or ");
}

/** The fields of a shape. @type {(schema: any) => Field[]} */
export function fieldsOf(schema) {
  const needed = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {}).map(([name, field]) => ({
    name,
    kind: kindOf(field),
    isNeeded: needed.has(name),
    words: field.description ?? "",
  }));
}

/** Where the API lies: what comes before the address of beats. @type {(document: any) => string} */
const baseOf = (document) => Object.keys(document.paths).find((path) => path.endsWith("/beat"))?.slice(0, -5) ?? "";

/** The thing that a path is about; "" for those that are not of the API. @type {(path: string, base: string) => string} */
function nounOf(path, base) {
  if (!path.startsWith(base + "/")) return "";
  const [noun = ""] = path.slice(base.length + 1).split("/").filter((part) => part !== "admin");
  return noun;
}

/** @type {(noun: string) => string} */
const titleOf = (noun) => (noun ? (TITLES[noun] ?? noun[0].toUpperCase() + noun.slice(1)) : SERVER);

/** @type {(security: any[] | undefined) => string} */
function whoMay(security) {
  if (!security?.length) return "Anybody may ask.";
  const ways = security.flatMap((one) => Object.keys(one)).map((way) => WAYS[way] ?? way);
  const isOptional = security.some((one) => !Object.keys(one).length);
  return `Who asks is said by ${ways.join(", or ")}${isOptional ? "; or not at all" : ""}.`;
}

/** @type {(status: string, response: any) => Refusal[]} */
function refusalsOf(status, response) {
  const told = response.content?.["application/json"]?.schema?.allOf?.[1]?.properties?.error;
  const codes = told?.properties?.code?.enum ?? [];
  return codes.map((/** @type {string} */ code) => {
    const kind = told.oneOf?.find((/** @type {any} */ one) => one.properties.code.enum.includes(code));
    return { code, status, retry: kind?.properties.retry.const };
  });
}

/** @type {(document: any, method: string, path: string, operation: any) => Operation} */
function operationOf(document, method, path, operation) {
  const responses = Object.entries(operation.responses ?? {});
  const refusals = responses.flatMap(([status, response]) => refusalsOf(status, response));
  const refused = new Set(refusals.map(({ status }) => status));
  const parameters = (operation.parameters ?? []).map((/** @type {any} */ one) => followed(document, one));
  const content = (/** @type {any} */ holder) => Object.entries(holder?.content ?? {});
  return {
    method: method.toUpperCase(),
    path,
    what: operation.summary ?? "",
    who: whoMay(operation.security),
    parameters: parameters.map((/** @type {any} */ { name, schema, required, description, in: place }) => ({
      name,
      kind: kindOf(schema),
      isNeeded: Boolean(required),
      words: description ?? (place === "path" ? "In the path." : ""),
    })),
    body: nameOf(content(operation.requestBody)[0]?.[1].schema),
    answers: responses.filter(([status]) => !refused.has(status)).map(([status, response]) => ({
      status,
      shape: nameOf(response.content?.["application/json"]?.schema),
      type: content(response).map(([type]) => type).join(" or "),
    })),
    refusals,
  };
}

/**
 * Routes by noun, those of the API first; every code with its status; every shape with its fields.
 *
 * @param {any} document
 */
export function reference(document) {
  const base = baseOf(document);
  /** @type {Map<string, Operation[]>} */
  const nouns = new Map();
  for (const [path, item] of Object.entries(document.paths)) {
    const noun = nounOf(path, base);
    const operations = Object.entries(item).map(([method, one]) => operationOf(document, method, path, one));
    nouns.set(noun, [...(nouns.get(noun) ?? []), ...operations]);
  }
  const all = [...nouns.values()].flat();
  const codes = new Map(all.flatMap(({ refusals }) => refusals.map((refusal) => [refusal.code, refusal])));
  const known = Object.keys(TITLES);
  const place = (/** @type {string} */ noun) => (noun === "" ? Infinity : (known.indexOf(noun) + 1 || known.length + 1));
  return {
    groups: [...nouns]
      .sort(([a], [b]) => (place(a) === place(b) ? a.localeCompare(b) : place(a) - place(b)))
      .map(([noun, operations]) => ({ noun, title: titleOf(noun), operations })),
    refusals: [...codes.values()].sort((a, b) => a.status.localeCompare(b.status) || a.code.localeCompare(b.code)),
    shapes: Object.entries(document.components?.schemas ?? {}).map(([name, schema]) => ({
      name,
      words: schema.description ?? "",
      fields: fieldsOf(schema),
    })),
  };
}
