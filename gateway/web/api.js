// Shows /openapi.json: operations by service, their fields opened on demand. No library, nothing from elsewhere.
'use strict';

const make = (tag, attributes = {}, ...children) => {
  const element = Object.assign(document.createElement(tag), attributes);
  element.append(...children.filter((child) => child !== null));
  return element;
};

const resolve = (api, schema) => {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  return reference ? api.components.schemas[reference.split('/').pop()] : schema;
};

const referenceName = (schema) => {
  const reference = schema.$ref ?? schema.allOf?.[0]?.$ref;
  return reference?.split('/').pop().replace(/^qungong\.(\w+)\.v1\./, '');
};

const typeName = (schema) => {
  if (schema.type === 'array') return `[${typeName(schema.items)}]`;
  if (schema.additionalProperties?.type || schema.additionalProperties?.$ref) {
    return `{${typeName(schema.additionalProperties)}}`;
  }
  const base = referenceName(schema) ?? schema.allOf?.[0]?.type ?? schema.type ?? '';
  const format = schema.format ?? schema.allOf?.[0]?.format;
  return format ? `${base} (${format})` : base;
};

const limits = (schema) => {
  const named = [['maxLength', '最长'], ['minLength', '最短'], ['maxItems', '最多'], ['minimum', '最小'], ['maximum', '最大'], ['pattern', '格式']];
  const found = named.filter(([key]) => schema[key] !== undefined).map(([key, label]) => `${label} ${schema[key]}`);
  if (schema.readOnly) found.push('只读');
  return found.join('，');
};

// Enumerations are described as a list in Markdown; a page has no use for its marks.
const plain = (markdown) => markdown.replace(/`/g, '');

// A field: name, type, rules, comment; the fields of a message open when asked for, so recursion ends at the reader's will.
const showField = (api, name, schema, required) => {
  const inner = resolve(api, schema.type === 'array' ? schema.items : schema);
  const field = make('div', {className: 'field'},
    make('span', {className: 'name', textContent: name}), ' ',
    make('span', {className: 'type', textContent: [typeName(schema), required ? '必填' : '', limits(schema)].filter(Boolean).join(' · ')}));
  const note = schema.description ?? inner.description;
  if (note) field.append(make('div', {className: 'note', textContent: plain(note)}));
  if (inner.enum && schema.description) {
    field.append(make('div', {className: 'note', textContent: plain(inner.description ?? inner.enum.join('、'))}));
  }
  if (inner.properties) field.append(showLater('展开字段', () => showFields(api, inner)));
  return field;
};

const showFields = (api, schema) => {
  const list = make('div');
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    list.append(showField(api, name, field, schema.required?.includes(name)));
  }
  return list;
};

const showLater = (label, show) => {
  const details = make('details', {}, make('summary', {textContent: label}));
  details.addEventListener('toggle', () => {
    if (details.open && details.childElementCount === 1) details.append(show());
  });
  return details;
};

const access = (operation) => {
  if (operation['x-roles']) return `角色：${operation['x-roles'].join('、')}`;
  return operation.security?.some((way) => Object.keys(way).length === 0) ? '无需登录' : '须登录';
};

const showOperation = (api, path, verb, operation) => {
  const body = () => {
    const box = make('div', {className: 'body'},
      make('div', {className: 'text', textContent: operation.description ?? ''}),
      make('div', {className: 'dim', textContent: access(operation)}));
    if (operation.parameters?.length) {
      box.append(make('h4', {textContent: '参数'}));
      for (const parameter of operation.parameters) {
        const label = parameter.in === 'path' ? `{${parameter.name}}` : parameter.name;
        const {description, ...schema} = parameter.schema;
        box.append(showField(api, label, {...schema, description: parameter.description}, parameter.required));
      }
    }
    for (const [type, content] of Object.entries(operation.requestBody?.content ?? {})) {
      box.append(make('h4', {textContent: `请求体 ${type}`}));
      if (content.schema) box.append(showFields(api, resolve(api, content.schema)));
    }
    for (const [type, content] of Object.entries(operation.responses['200']?.content ?? {})) {
      box.append(make('h4', {textContent: `回复 ${type}`}));
      if (type === 'text/event-stream') {
        box.append(make('div', {className: 'note', textContent: operation.responses['200'].description}));
      }
      box.append(showFields(api, resolve(api, content.schema)));
    }
    return box;
  };
  const details = make('details', {},
    make('summary', {},
      make('span', {className: `verb ${verb}`, textContent: verb.toUpperCase()}),
      make('code', {textContent: path}),
      make('span', {className: 'summary', textContent: operation.summary})));
  details.addEventListener('toggle', () => {
    if (details.open && details.childElementCount === 1) details.append(body());
  });
  details.dataset.text = `${verb} ${path} ${operation.operationId} ${operation.description ?? operation.summary}`.toLowerCase();
  return details;
};

const show = (api) => {
  document.getElementById('about').textContent = api.info.description;
  const main = document.getElementById('operations');
  for (const tag of api.tags) {
    const section = make('section', {}, make('h2', {textContent: tag.name}),
      make('p', {className: 'dim text', textContent: tag.description ?? ''}));
    for (const [path, item] of Object.entries(api.paths)) {
      for (const [verb, operation] of Object.entries(item)) {
        if (operation.tags.includes(tag.name)) section.append(showOperation(api, path, verb, operation));
      }
    }
    main.append(section);
  }
};

const filter = (text) => {
  let found = 0;
  for (const section of document.querySelectorAll('section')) {
    let shown = 0;
    for (const details of section.querySelectorAll(':scope > details')) {
      details.hidden = !details.dataset.text.includes(text);
      if (!details.hidden) ++shown;
    }
    section.hidden = shown === 0;
    found += shown;
  }
  document.getElementById('none').hidden = found > 0;
};

document.getElementById('filter').addEventListener('input', (event) => filter(event.target.value.trim().toLowerCase()));
fetch('/openapi.json').then((reply) => reply.json()).then(show).catch(() => {
  document.getElementById('about').textContent = '接口说明暂时读不到，请稍后刷新。';
});
