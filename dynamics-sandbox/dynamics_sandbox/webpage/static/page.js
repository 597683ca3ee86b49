// The page: three systems side by side, an editor of one row, the request log. Only textContent is ever set.

const PAGE_ROWS = 12;
const SHOWN_COLUMNS = 5;
const LOG_ROWS = 200;
const POLL_MILLISECONDS = 1500;
const TITLES = { sales: "Sales", cds: "Common Data Service", fno: "Finance and Operations" };
const FIRST_SETS = { sales: "accounts", cds: "organizations", fno: "CustomersV3" };
const STEPS = ["confirm", "pick", "ship", "invoice", "totals", "cancel"];
// Columns that tell a row from another come before the others.
const TELLING = [
    "dataAreaId", "accountnumber", "CustomerAccount", "SalesOrderNumber", "SalesQuotationNumber", "name", "fullname",
    "OrganizationName", "SalesOrderProcessingStatus", "address1_city", "telephone1", "emailaddress1", "AddressCity",
    "PrimaryContactPhone", "CustomersOrderReference",
];
// What F&O puts where nothing is.
const EMPTY = new Set([undefined, null, "", "0", "1900-01-01T12:00:00Z"]);

const part = (selector, inside = document) => inside.querySelector(selector);

async function ask(method, path, content) {
    const body = content === undefined ? undefined : JSON.stringify(content);
    const answer = await fetch(`/_sandbox/${path}`, { method, body });
    if (answer.ok) return answer.status === 204 ? null : answer.json();
    const text = await answer.text();
    let problem = text;
    try { problem = JSON.parse(text).error; } catch { /* not JSON: shown as it is */ }
    throw new Error(problem);
}

function say(text, failed = false) {
    part("#message").textContent = text;
    part("#message").classList.toggle("failed", failed);
}

async function attempt(work, place = null) {
    try {
        await work();
    } catch (error) {
        if (place) place.textContent = error.message;
        else say(error.message, true);
    }
}

function cells(row, tag, texts) {
    row.replaceChildren(...texts.map((text) => {
        const cell = document.createElement(tag);
        cell.textContent = text ?? "";
        cell.title = text ?? "";
        return cell;
    }));
    return row;
}

class System {
    constructor(name) {
        this.name = name;
        this.skip = 0;
        this.box = part("#system").content.cloneNode(true).firstElementChild;
        this.box.id = `system-${name}`;
        part("h2", this.box).textContent = TITLES[name];
        this.choice = part("select", this.box);
        this.search = part("input", this.box);
        this.choice.addEventListener("change", () => this.show(0));
        let waiting = 0;
        this.search.addEventListener("input", () => {
            clearTimeout(waiting);
            waiting = setTimeout(() => this.show(0), 200);
        });
        part(".back", this.box).addEventListener("click", () => this.show(Math.max(this.skip - PAGE_ROWS, 0)));
        part(".on", this.box).addEventListener("click", () => this.show(this.skip + PAGE_ROWS));
        part("#systems").append(this.box);
    }

    learn({ url, sets }) {
        part(".url", this.box).textContent = url;
        const chosen = this.choice.value || FIRST_SETS[this.name];
        this.sets = sets;
        this.choice.replaceChildren(...Object.keys(sets).map((name) => new Option(name, name)));
        this.choice.value = nameOrFirst(chosen, sets);
    }

    get set() { return this.sets[this.choice.value]; }

    show(skip) { return attempt(() => this.load(skip)); }

    async load(skip) {
        const asked = this.asked = {};
        const query = new URLSearchParams({ search: this.search.value, skip, top: PAGE_ROWS });
        const { rows, more } = await ask("GET", `rows/${this.name}/${this.choice.value}?${query}`);
        if (asked !== this.asked) return;
        this.skip = skip;
        part(".scroll", this.box).scrollLeft = 0;
        const shown = this.columns(rows);
        cells(part("thead tr", this.box), "th", shown.map((column) => column.name));
        part("tbody", this.box).replaceChildren(...rows.map((row) => this.line(row, shown)));
        part(".none", this.box).hidden = rows.length > 0;
        part(".back", this.box).disabled = skip === 0;
        part(".on", this.box).disabled = !more;
        part(".place", this.box).textContent = rows.length ? `${skip + 1}–${skip + rows.length}` : "";
    }

    columns(rows) {
        const filled = this.set.columns.filter((column) => rows.some((row) => !EMPTY.has(row.values[column.name])));
        const rank = (column) => {
            const place = TELLING.indexOf(column.name);
            return place < 0 ? TELLING.length : place;
        };
        const ordered = filled.filter((column) => this.name === "fno" || !column.key);
        return ordered.sort((one, other) => rank(one) - rank(other)).slice(0, SHOWN_COLUMNS);
    }

    line(row, shown) {
        const line = cells(document.createElement("tr"), "td", shown.map((column) => row.values[column.name]));
        line.tabIndex = 0;
        line.addEventListener("click", () => edit(this, row));
        line.addEventListener("keydown", (event) => { if (event.key === "Enter") edit(this, row); });
        return line;
    }
}

const nameOrFirst = (name, sets) => (name in sets ? name : Object.keys(sets)[0]);

let edited = null;

function edit(system, row) {
    edited = { system, row, set: system.set, inputs: new Map() };
    part("#editor-title").textContent = `${system.set.name}(${row.key})`;
    part("#editor-message").textContent = "";
    part("#only").value = "";
    part("#fields").replaceChildren(...system.set.columns.map((column) => field(column, row)));
    part("#advance").hidden = !(system.name === "fno" && row.values.SalesOrderNumber);
    if (!part("#editor").open) part("#editor").showModal();
}

function field(column, row) {
    const label = document.createElement("label");
    const input = document.createElement("input");
    const caption = document.createElement("span");
    caption.textContent = column.name;
    caption.title = column.label;
    input.name = column.name;
    input.value = row.values[column.name] ?? "";
    input.readOnly = !column.editable;
    label.append(caption, input);
    edited.inputs.set(column.name, input);
    return label;
}

async function save() {
    const { system, set, row, inputs } = edited;
    const changes = {};
    for (const column of set.columns) {
        const text = inputs.get(column.name).value;
        if (text === (row.values[column.name] ?? "")) continue;
        // F&O knows no null; its empty text is a text.
        changes[column.name] = text === "" && (system.name !== "fno" || column.kind !== "text") ? null : text;
    }
    if (Object.keys(changes).length) {
        await ask("PATCH", `rows/${system.name}/${set.name}/${encodeURIComponent(row.key)}`, { changes });
        say(`${set.name}(${row.key}) is saved.`);
        await showAll();
    }
    part("#editor").close();
}

async function advance() {
    const { system, set, row } = edited;
    const number = encodeURIComponent(row.values.SalesOrderNumber);
    const company = row.values.dataAreaId;
    const { done } = await ask("POST", `fno/orders/${number}/${part("#step").value}`, company ? { company } : {});
    edit(system, await ask("GET", `rows/${system.name}/${set.name}/${encodeURIComponent(row.key)}`));
    part("#editor-message").textContent = done;
    await showAll();
}

const systems = Object.keys(TITLES).map((name) => new System(name));

async function showAll() {
    const sets = await ask("GET", "sets");
    for (const system of systems) system.learn(sets[system.name]);
    await Promise.all(systems.map((system) => system.load(system.skip)));
}

async function startOver(seed) {
    if (!confirm("All rows of all three systems are thrown away.")) return;
    await ask("POST", "reset", { seed });
    for (const system of systems) system.skip = 0;
    await showAll();
    say(seed === "demo" ? "The demo rows are back." : "All systems are empty.");
}

let lastSeen = 0;

async function followLog() {
    const { requests } = await ask("GET", `requests?since=${lastSeen}`);
    if (!requests.length) return;
    lastSeen = requests.at(-1).id;
    const lines = requests.slice(-LOG_ROWS).reverse().map((request) => {
        const time = new Date(request.time).toLocaleTimeString();
        const texts = [time, request.environment, `${request.method} ${request.path}`, request.status ?? "dropped"];
        const line = cells(document.createElement("tr"), "td", texts);
        line.classList.toggle("failed", !(request.status < 400));
        return line;
    });
    part("#requests").prepend(...lines);
    while (part("#requests").rows.length > LOG_ROWS) part("#requests").lastElementChild.remove();
    part("#log-count").textContent = `the last ${part("#requests").rows.length}`;
}

async function keepFollowing() {
    await attempt(followLog);
    setTimeout(keepFollowing, POLL_MILLISECONDS);
}

part("#step").replaceChildren(...STEPS.map((step) => new Option(step, step)));
part("#refresh").addEventListener("click", () => attempt(showAll));
part("#seed").addEventListener("click", () => attempt(() => startOver("demo")));
part("#empty").addEventListener("click", () => attempt(() => startOver("none")));
part("#save").addEventListener("click", () => attempt(save, part("#editor-message")));
part("#take").addEventListener("click", () => attempt(advance, part("#editor-message")));
part("#only").addEventListener("input", () => {
    const wanted = part("#only").value.toLowerCase();
    for (const [name, input] of edited.inputs) input.parentElement.hidden = !name.toLowerCase().includes(wanted);
});
part("#editor form").addEventListener("keydown", (event) => {
    if (event.key !== "Enter" || event.target.tagName === "BUTTON") return;
    event.preventDefault();
    attempt(save, part("#editor-message"));
});
part("#forget").addEventListener("click", () => attempt(async () => {
    await ask("DELETE", "requests");
    part("#requests").replaceChildren();
    part("#log-count").textContent = "";
}));
attempt(showAll);
keepFollowing();
