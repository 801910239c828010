"use strict";
// Tables that sort, filter and turn pages. All rows are in the page, so that it
// says everything without this script too; only those of one page are laid out.
const PAGE = 100;
for (const grid of document.querySelectorAll("[data-grid]")) {
	const table = grid.querySelector("table");
	const body = table.tBodies[0];
	const rows = [...table.tBodies].flatMap(b => [...b.rows]);
	const search = grid.querySelector("input[type=search]");
	const choice = grid.querySelector("select");
	const count = grid.querySelector(".count");
	const [back, forth] = grid.querySelectorAll(".pager button");
	const where = grid.querySelector(".pager span");
	const pager = grid.querySelector(".pager");
	const texts = [];
	const at = new Map(rows.map((row, i) => [row, i]));
	let page = 0, found = rows, order = rows, all = false;

	while (table.tBodies.length > 1)
		table.tBodies[1].remove();
	const text = i => texts[i] ??= rows[i].textContent.toLowerCase();
	const value = (row, column) => {
		const cell = row.cells[column];
		return cell.dataset.v !== undefined ? Number(cell.dataset.v)
		    : cell.textContent;
	};
	const number = n => n.toLocaleString("en").replaceAll(",", "\u202f");
	function show() {
		const pages = Math.max(1, Math.ceil(found.length / PAGE));
		page = Math.min(Math.max(page, 0), pages - 1);
		body.replaceChildren(...(all ? found
		    : found.slice(page * PAGE, (page + 1) * PAGE)));
		if (count)
			count.textContent = found.length === rows.length
			    ? `${number(rows.length)} rows`
			    : `${number(found.length)} of ${number(rows.length)} rows`;
		if (pager) {
			pager.hidden = pages < 2;
			where.textContent = `page ${page + 1} of ${pages}`;
			back.disabled = page === 0;
			forth.disabled = page === pages - 1;
		}
	}
	function filter() {
		const words = search ? search.value.toLowerCase().split(/\s+/).filter(Boolean) : [];
		const want = choice ? choice.value : "";
		found = order.filter(row =>
		    (!want || row.dataset.outcome === want) &&
		    words.every(word => text(at.get(row)).includes(word)));
		page = 0;
		show();
	}
	table.tHead.addEventListener("click", event => {
		const button = event.target.closest("button");
		if (!button)
			return;
		const head = button.closest("th"), column = head.cellIndex;
		const numeric = rows.length && rows[0].cells[column].dataset.v !== undefined;
		const was = head.getAttribute("aria-sort");
		const down = was === "none" ? numeric : was === "ascending";
		for (const other of table.tHead.rows[0].cells)
			if (other.hasAttribute("aria-sort"))
				other.setAttribute("aria-sort", "none");
		head.setAttribute("aria-sort", down ? "descending" : "ascending");
		const collator = new Intl.Collator(undefined, {numeric: true});
		const keyed = rows.map(row => [value(row, column), row]);
		keyed.sort((a, b) => numeric ? a[0] - b[0] : collator.compare(a[0], b[0]));
		if (down)
			keyed.reverse();
		order = keyed.map(pair => pair[1]);
		filter();
	});
	search?.addEventListener("input", filter);
	choice?.addEventListener("change", filter);
	back?.addEventListener("click", () => { page--; show(); });
	forth?.addEventListener("click", () => { page++; show(); });
	addEventListener("beforeprint", () => { all = true; show(); });
	addEventListener("afterprint", () => { all = false; show(); });
	show();
}
addEventListener("beforeprint", () => document.querySelectorAll("details").forEach(d => d.open = true));
document.documentElement.dataset.ready = "yes";
