/** Creating, changing, linking and deleting rows, singly, many at once and in batches. */
import { prepared } from "./ids.mjs";

const CRM = "Microsoft.Dynamics.CRM";
const account = (number, name, more = {}) => ({ accountnumber: number, name, ...more });
const target = (row) => ({ "@odata.type": `${CRM}.account`, ...row });
const many = (client, message, rows) =>
    client.callAction({
        collection: "accounts",
        actionName: `${CRM}.${message}`,
        action: { Targets: rows.map(target) },
    });
const create = (client, data, more = {}) => client.create({ collection: "accounts", data, ...more });
const update = (client, key, data, more = {}) => client.update({ collection: "accounts", key, data, ...more });
const upsert = (client, key, data, more = {}) => client.upsert({ collection: "accounts", key, data, ...more });
const remove = (client, key, more = {}) => client.deleteRecord({ collection: "accounts", key, ...more });
const version = async (client, key) =>
    (await client.retrieve({ collection: "accounts", key, select: ["name"] }))["@odata.etag"];
const TOO_LONG = "x".repeat(161);

export const calls = {
    create: (client) => create(client, account("N-01", "Café Frénésie")),

    create_and_return: async (client) => {
        const row = account("N-02", "Returned", { revenue: 48250000.1 });
        const made = await create(client, row, { returnRepresentation: true, select: ["name", "revenue"] });
        return [made.name, made.revenue];
    },

    create_with_lookup: (client) => {
        const bind = { "primarycontactid@odata.bind": `contacts(${prepared(101)})` };
        return create(client, account("N-03", "With contact", bind));
    },

    create_deep: (client) =>
        create(client, account("N-04", "Deep", { primarycontactid: { firstname: "Ada", lastname: "Tief" } })),

    create_with_key_that_is_taken: (client) => create(client, account("U-01", "Twice")),

    create_with_wrong_type: (client) => create(client, account("N-05", "Wrong", { numberofemployees: "many" })),

    create_multiple: async (client) => {
        const rows = [account("N-06a", "Multiple a"), account("N-06b", "Multiple b")];
        return (await many(client, "CreateMultiple", rows)).Ids;
    },

    update: (client) => update(client, prepared(1), { name: "Updated", telephone1: null }),

    update_and_return: async (client) => {
        const made = await update(
            client, prepared(2), { name: "Returned" }, { returnRepresentation: true, select: ["name"] },
        );
        return made.name;
    },

    update_single_property: (client) =>
        client.updateSingleProperty({
            collection: "accounts", key: prepared(3), fieldValuePair: { name: "One property" },
        }),

    update_of_the_version_read: async (client) =>
        update(client, prepared(4), { name: "My version" }, { ifmatch: await version(client, prepared(4)) }),

    update_of_an_old_version: async (client) => {
        const old = await version(client, prepared(5));
        await update(client, prepared(5), { name: "Somebody was faster" });
        return update(client, prepared(5), { name: "Too late" }, { ifmatch: old });
    },

    update_by_alternate_key: (client) => update(client, "accountnumber='U-06'", { name: "By its number" }),

    update_missing_row: (client) => update(client, prepared(999), { name: "Nobody" }),

    update_multiple: (client) =>
        many(client, "UpdateMultiple", [
            { accountid: prepared(7), name: "Seven" },
            { accountid: prepared(8), name: "Eight" },
        ]),

    upsert_that_creates: (client) => upsert(client, "accountnumber='N-07'", { name: "Made by upsert" }),

    upsert_that_updates: (client) => upsert(client, "accountnumber='U-10'", { name: "Upserted" }),

    upsert_and_return: async (client) => {
        const more = { returnRepresentation: true, select: ["accountnumber", "name"] };
        const made = await upsert(client, "accountnumber='N-08'", { name: "Returned" }, more);
        return [made.accountnumber, made.name];
    },

    upsert_by_id: (client) => upsert(client, prepared(950), account("N-09", "Own id")),

    upsert_only_if_new: (client) =>
        upsert(client, "accountnumber='U-11'", { name: "Not written" }, { ifnonematch: "*" }),

    upsert_only_if_there: (client) =>
        upsert(client, "accountnumber='N-10'", { name: "Not written" }, { ifmatch: "*" }),

    upsert_multiple: (client) =>
        many(client, "UpsertMultiple", [
            { "@odata.id": "accounts(accountnumber='U-12')", name: "Both U-12" },
            { "@odata.id": "accounts(accountnumber='N-11')", name: "Both N-11" },
        ]),

    delete: (client) => remove(client, prepared(13)),

    delete_by_alternate_key: (client) => remove(client, "accountnumber='U-14'"),

    delete_property: (client) => remove(client, prepared(15), { property: "telephone1" }),

    delete_old_version: async (client) => {
        const old = await version(client, prepared(16));
        await update(client, prepared(16), { name: "Changed before" });
        return remove(client, prepared(16), { ifmatch: old });
    },

    delete_missing_row: (client) => remove(client, prepared(998)),

    associate_single_valued: (client) =>
        client.associateSingleValued({
            collection: "accounts",
            primaryKey: prepared(17),
            navigationProperty: "primarycontactid",
            relatedCollection: "contacts",
            relatedKey: prepared(102),
        }),

    disassociate_single_valued: (client) =>
        client.disassociateSingleValued({
            collection: "accounts", primaryKey: prepared(9), navigationProperty: "primarycontactid",
        }),

    associate: (client) =>
        client.associate({
            collection: "accounts",
            primaryKey: prepared(17),
            relationshipName: "contact_customer_accounts",
            relatedCollection: "contacts",
            relatedKey: prepared(101),
        }),

    disassociate: async (client) => {
        const link = {
            collection: "accounts",
            primaryKey: prepared(18),
            relationshipName: "contact_customer_accounts",
            relatedKey: prepared(102),
        };
        await client.associate({ ...link, relatedCollection: "contacts" });
        return client.disassociate(link);
    },

    batch: async (client) => {
        client.startBatch();
        create(client, account("N-12", "In a batch"));
        update(client, prepared(19), { name: "Changed in a batch" });
        remove(client, prepared(20));
        return (await client.executeBatch()).length;
    },

    batch_with_reference: async (client) => {
        client.startBatch();
        client.create({ collection: "contacts", data: { lastname: "Referenz" }, contentId: "1" });
        create(client, account("N-13", "Refers", { "primarycontactid@odata.bind": "$1" }));
        return (await client.executeBatch()).length;
    },

    batch_that_fails: async (client) => {
        client.startBatch();
        create(client, account("N-14a", "Undone"));
        create(client, account("N-14b", TOO_LONG));
        try {
            return await client.executeBatch();
        } catch (errors) {
            const [error] = [errors].flat();
            return { status: error.status, code: error.error.code };
        }
    },

    batch_that_continues: async (client) => {
        client.startBatch();
        create(client, account("N-15a", "First"), { inChangeSet: false });
        create(client, account("N-15b", TOO_LONG), { inChangeSet: false });
        create(client, account("N-15c", "Third"), { inChangeSet: false });
        const results = await client.executeBatch({ continueOnError: true });
        return results.map((each) => each?.error?.code ?? "written");
    },

    batch_of_reads: async (client) => {
        client.startBatch();
        client.retrieve({ collection: "accounts", key: prepared(21), select: ["name"] });
        client.retrieveMultiple({ collection: "accounts", filter: "accountnumber eq 'U-22'", select: ["name"] });
        const [row, rows] = await client.executeBatch();
        return [row.name, rows.value[0].name];
    },
};
