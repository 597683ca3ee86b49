/** The id of a row that was there before the calls, by its number. */
export const prepared = (number) => `00000000-0000-4000-8000-${String(number).padStart(12, "0")}`;
