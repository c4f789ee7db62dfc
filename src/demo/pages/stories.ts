import { html } from '../html.ts';
import { artwork, page } from '../layout.ts';
import { jsonReply, pageReply, type Reply } from '../reply.ts';
import { findStory, STORIES, type Story } from '../stories.ts';
import type { Shop, Visit } from '../visit.ts';
import { notFoundPage } from './not-found.ts';

/**
 * Every address of the section works without a script; `stories.js` takes over from there and changes
 * stories by pushState. The same pages go to everybody, so any cache may keep them.
 */
export function storiesPage(visit: Visit, shop: Shop): Reply {
  const { slug } = visit.params;
  const story = slug === undefined ? undefined : findStory(slug);
  if (slug !== undefined && !story) return notFoundPage(visit, shop);
  const parts = {
    title: story?.title ?? 'Stories',
    description: story?.teaser ?? 'How the things of our shop are made.',
    section: 'stories',
    styles: ['stories.css'],
    scripts: ['stories.js'],
    shared: true,
    main: html`<div class="stories">
<nav class="story-list" aria-label="Stories">
<h2><a href="/stories" data-route${story ? html`` : html` aria-current="page"`}>Stories</a></h2>
<ol>${STORIES.map((other) => storyLink(other, other === story))}</ol>
</nav>
<article class="story" data-story tabindex="-1">${story ? storyBody(story, shop) : storiesIntro()}</article>
</div>
<template data-introduction>${storiesIntro()}</template>
<p class="hidden" role="status" data-announce></p>`,
  } as const;
  return pageReply(page(parts, visit, shop), { cache: 'public, max-age=60', gzip: true });
}

/** What the router fetches; the introduction is in the page already. */
export function storyApi(visit: Visit, shop: Shop): Reply {
  const story = findStory(visit.params.slug ?? '');
  if (!story) return notFoundPage(visit, shop);
  const { slug, title, date, minutes, tint, paragraphs } = story;
  const art = shop.files.url(`art/${story.art}`);
  return jsonReply({ slug, title, date, minutes, art, tint, paragraphs }, 'public, max-age=60');
}

function storyLink(story: Story, isCurrent: boolean) {
  return html`<li><a href="/stories/${story.slug}" data-route${isCurrent ? html` aria-current="page"` : html``}>
<span>${story.title}</span><small>${story.minutes} minutes</small></a></li>`;
}

function storyBody(story: Story, shop: Shop) {
  const [shown, iso] = story.date;
  return html`${artwork(shop, story)}
<p class="over"><time datetime="${iso}">${shown}</time> · ${story.minutes} minutes</p>
<h1>${story.title}</h1>
${story.paragraphs.map((paragraph) => html`<p>${paragraph}</p>`)}`;
}

function storiesIntro() {
  return html`<p class="over">The journal</p>
<h1>Stories from the bench</h1>
<p class="lead">How a thing came to be the way it is, told by whoever was in the room.</p>
<p>This section is a small single-page application: choose a story and the page changes without a load. The tracker counts it as a visit all the same, because the address has changed.</p>`;
}
