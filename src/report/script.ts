/** What pages do: tables sort, clips are chosen, videos play together. Plain JavaScript that runs in every browser of the last years. */
export const script = `
"use strict";
for (const table of document.querySelectorAll("table.sortable")) {
  const heads = [...table.tHead.rows[0].cells];
  const value = (row, column) => {
    const cell = row.cells[column];
    const text = cell.dataset.sort ?? cell.textContent.trim();
    return heads[column].classList.contains("number") ? (text === "" || Number.isNaN(Number(text)) ? null : Number(text)) : text;
  };
  heads.forEach((head, column) => head.querySelector("button").addEventListener("click", () => {
    const ascending = head.getAttribute("aria-sort") !== "ascending";
    for (const other of heads) other.removeAttribute("aria-sort");
    head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
    const rows = [...table.tBodies[0].rows].map((row) => [row, value(row, column)]);
    rows.sort(([, a], [, b]) => {
      if (a === null || b === null) return (a === null) - (b === null);
      const order = typeof a === "number" ? a - b : a.localeCompare(b, "en", { numeric: true });
      return ascending ? order : -order;
    });
    table.tBodies[0].append(...rows.map(([row]) => row));
  }));
}

for (const chooser of document.querySelectorAll(".chooser")) {
  const select = chooser.querySelector("select");
  const articles = new Map([...chooser.querySelectorAll("article")].map((article) => [article.dataset.choice, article]));
  const rows = [...document.querySelectorAll("tr[data-row]")].filter((row) => articles.has(row.dataset.row));
  const show = () => {
    for (const [id, article] of articles) {
      article.hidden = id !== select.value;
      if (article.hidden) for (const video of article.querySelectorAll("video")) video.pause();
    }
    for (const row of rows) row.classList.toggle("chosen", row.dataset.row === select.value);
  };
  select.addEventListener("change", show);
  for (const button of chooser.querySelectorAll(".step")) button.addEventListener("click", () => {
    const count = select.options.length;
    select.selectedIndex = (select.selectedIndex + Number(button.dataset.step) + count) % count;
    show();
  });
  for (const row of rows) row.addEventListener("click", (event) => {
    if (event.target.closest("a")) return;
    select.value = row.dataset.row;
    show();
    chooser.closest("section").scrollIntoView();
  });
  show();
}

for (const group of document.querySelectorAll(".players")) {
  const videos = [...group.querySelectorAll("video")];
  const lead = videos[0];
  const play = group.querySelector(".play");
  const seek = group.querySelector(".seek");
  const time = group.querySelector(".time");
  const sound = group.querySelector(".sound");
  const length = () => Math.max(...videos.map((video) => video.duration || 0));
  const told = () => {
    seek.max = length();
    seek.value = lead.currentTime;
    time.textContent = lead.currentTime.toFixed(2) + " s";
  };
  const setState = (playing) => {
    play.setAttribute("aria-pressed", String(playing));
    play.textContent = playing ? "Pause" : "Play";
  };
  const pause = () => {
    for (const video of videos) video.pause();
    setState(false);
  };
  play.addEventListener("click", () => {
    if (!lead.paused) return pause();
    const ended = lead.ended;
    for (const video of videos) {
      video.currentTime = ended ? 0 : lead.currentTime;
      video.play().catch(() => undefined);
    }
    setState(true);
  });
  seek.addEventListener("input", () => {
    pause();
    for (const video of videos) video.currentTime = Math.min(Number(seek.value), video.duration || 0);
  });
  group.querySelector(".speed").addEventListener("change", (event) => {
    for (const video of videos) video.playbackRate = Number(event.target.value);
  });
  const choose = () => videos.forEach((video, i) => { video.muted = sound === null || Number(sound.value) !== i; });
  if (sound !== null) sound.addEventListener("change", choose);
  choose();
  lead.addEventListener("timeupdate", () => {
    told();
    // Players drift: whoever is more than a frame and a half away is brought back.
    for (const video of videos.slice(1)) if (!lead.paused && !video.ended && Math.abs(video.currentTime - lead.currentTime) > 0.06) video.currentTime = lead.currentTime;
  });
  for (const name of ["loadedmetadata", "seeked"]) lead.addEventListener(name, told);
  lead.addEventListener("ended", pause);
  lead.addEventListener("pause", () => { if (!lead.ended) pause(); });
}
`;
