// HubSpot's client for Node, unmodified: searches and associations of one object type.
//
//     MOYEU_URL=… MOYEU_TOKEN=… node associations.js SCENARIO SCENE
//
// SCENE is a scene of tests/clients/searches.py as JSON, with its rows of searches and sorts. What is
// not as it must be is thrown, which ends the process with a status other than 0.

import assert from 'node:assert/strict'

import hubspot from '@hubspot/api-client'

/** A client of its own: each one keeps half a second between its searches. */
const newClient = () => new hubspot.Client({
  accessToken: process.env.MOYEU_TOKEN,
  basePath: process.env.MOYEU_URL,
})
const client = newClient()

/** What one search answers. */
function search({ subject, pathType }, request) {
  const { crm } = newClient()
  const hasClass = ['contacts', 'companies', 'deals'].includes(subject.object_type)
  return hasClass
    ? crm[pathType].searchApi.doSearch(request)
    : crm.objects.searchApi.doSearch(pathType, request)
}

/** The numbers of the records that one search finds, in its order. */
async function found(scene, request) {
  const { results } = await search(scene, request)
  return results.map(({ id }) => scene.ids.indexOf(id))
}

async function searches(scene) {
  const count = scene.ids.length

  const told = await Promise.all(
    scene.searches.map(([, groups]) => found(scene, { filterGroups: groups.map((filters) => ({ filters })) })),
  )
  assert.deepEqual(told, scene.searches.map(([, , expected]) => expected))

  const sorted = await Promise.all(scene.sorts.map(([sort]) => found(scene, { sorts: [sort] })))
  assert.deepEqual(sorted, scene.sorts.map(([, expected]) => expected))

  // The first page begins at 0, as the client's own readme says.
  const first = await search(scene, { limit: 4, after: 0, properties: ['size'] })
  const rest = await search(scene, { limit: 4, after: first.paging.next.after })
  assert.deepEqual([first.total, rest.total, rest.paging], [count, count, undefined])
  assert.deepEqual([...first.results, ...rest.results].map(({ id }) => id), scene.ids)
  assert.ok(first.results[0].createdAt instanceof Date)

  assert.deepEqual(await found(scene, { filterGroups: [{ filters: [scene.link] }] }), scene.linked)
  await assert.rejects(search(scene, { limit: 201 }), (error) => error.code === 400)
}

/** The texts of the types of each associated record, by its id. */
const labels = ({ results }) =>
  Object.fromEntries(results.map(({ toObjectId, associationTypes }) => [
    String(toObjectId), associationTypes.map(({ label }) => label),
  ]))

async function associations(scene) {
  const { pathType, otherType, target, ids, linked } = scene
  const { basicApi, batchApi } = client.crm.associations.v4
  const { definitionsApi } = client.crm.associations.v4.schema
  const id = ids[linked[0]]

  const made = await definitionsApi.create(pathType, otherType, { label: 'Lead', name: 'lead', inverseLabel: 'Led' })
  const { typeId } = made.results.find(({ label }) => label === 'Lead')
  const types = [{ associationCategory: 'USER_DEFINED', associationTypeId: typeId }]
  assert.deepEqual((await basicApi.create(pathType, id, otherType, target, types)).labels, ['Lead'])
  const page = await basicApi.getPage(pathType, id, otherType, undefined, 1)
  assert.deepEqual(Object.keys(labels(page)), [target])
  assert.ok(labels(page)[target].includes('Lead') && labels(page)[target].includes(null))
  const back = await basicApi.getPage(otherType, target, pathType)
  assert.ok(labels(back)[id].includes('Led'))

  const inputs = [1, 2].map((number) => ({ _from: { id: ids[number] }, to: { id: target } }))
  const byDefault = await batchApi.createDefault(pathType, otherType, { inputs })
  assert.equal(byDefault.status, 'COMPLETE')
  const labelled = await batchApi.createWithHttpInfo(pathType, otherType, {
    inputs: inputs.map((each) => ({ ...each, types })),
  })
  assert.equal(labelled.httpStatusCode, 201)
  assert.deepEqual(labelled.data.results.map((each) => each.labels), [['Lead'], ['Lead']])
  const read = await batchApi.getPage(pathType, otherType, { inputs: [{ id: ids[1] }, { id: ids[5] }] })
  assert.deepEqual(read.results.map(({ _from }) => _from.id), [ids[1]])
  assert.equal(read.errors[0].subCategory, 'crm.associations.NO_ASSOCIATIONS_FOUND')

  await batchApi.archiveLabels(pathType, otherType, { inputs: inputs.map((each) => ({ ...each, types })) })
  assert.ok(!labels(await basicApi.getPage(pathType, ids[1], otherType))[target].includes('Lead'))
  await basicApi.archive(pathType, id, otherType, target)
  assert.deepEqual(labels(await basicApi.getPage(pathType, id, otherType)), {})
  await definitionsApi.update(pathType, otherType, { associationTypeId: typeId, label: 'Leads' })
  await definitionsApi.remove(pathType, otherType, typeId)
  const left = await definitionsApi.getAll(pathType, otherType)
  assert.ok(!left.results.some(({ label }) => label === 'Leads'))
}

/** The classes for v3, which name association types. */
async function named(scene) {
  const { pathType, otherType, target, ids } = scene
  const { batchApi, schema } = client.crm.associations
  const { results } = await schema.typesApi.getAll(pathType, otherType)
  const type = results.at(-1).name
  const pair = { _from: { id: ids[1] }, to: { id: target }, type }

  const created = await batchApi.create(pathType, otherType, { inputs: [pair] })
  const read = await batchApi.read(pathType, otherType, { inputs: [{ id: ids[1] }] })

  assert.deepEqual(created.results.map(({ _from, to }) => [_from.id, to.id]), [[ids[1], target]])
  assert.ok(read.results[0].to.some((each) => each.id === target && each.type === type))
  const all = results.map(({ name }) => ({ ...pair, type: name }))
  await batchApi.archive(pathType, otherType, { inputs: all })
  const left = await batchApi.read(pathType, otherType, { inputs: [{ id: ids[1] }] })
  assert.deepEqual(left.results, [])
}

/** What the readme of the client does: a contact and a company, and the last contacts. */
async function readme() {
  const { basicApi } = client.crm.associations.v4
  const contact = await client.crm.contacts.basicApi.create({ properties: { firstname: 'Ada', lastname: 'L' } })
  const company = await client.crm.companies.basicApi.create({ properties: { domain: 'example.com', name: 'E' } })
  await basicApi.create('companies', company.id, 'contacts', contact.id, [
    {
      associationCategory: 'HUBSPOT_DEFINED',
      associationTypeId: hubspot.AssociationTypes.companyToContact,
    },
  ])

  const found = await basicApi.getPage('contact', contact.id, 'company', undefined, 10)
  assert.deepEqual(Object.keys(labels(found)), [company.id])

  const { results } = await client.crm.contacts.searchApi.doSearch({
    filterGroups: [{ filters: [{ propertyName: 'createdate', operator: 'GTE', value: `${+contact.createdAt}` }] }],
    sorts: [{ propertyName: 'createdate', direction: 'DESCENDING' }],
    properties: ['createdate', 'firstname', 'lastname'],
    limit: 100,
    after: 0,
  })
  assert.deepEqual(results.map(({ id, properties }) => [id, properties.firstname]), [[contact.id, 'Ada']])
}

const SCENARIOS = { searches, associations, named, readme }
const [scenario, scene] = process.argv.slice(2)
await SCENARIOS[scenario](JSON.parse(scene))
