/** The window, beside the screen and the viewport of `device`: one larger than its screen is not a person's. */
export const display = () => ({ window: [outerWidth, outerHeight] });
