/** Say on hover when it was by the reader's own clock, besides UTC. */
export function moments(root) {
  for (const moment of root.querySelectorAll("time[datetime]")) {
    const own = new Date(moment.dateTime);
    if (!Number.isNaN(own.valueOf())) moment.title = `${own.toLocaleString()} (${moment.title})`;
  }
}
