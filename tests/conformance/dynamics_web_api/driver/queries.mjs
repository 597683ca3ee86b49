/** Reading: one row, filters, pages, counts, changes since a link, functions. */
import { prepared } from "./ids.mjs";

const one = (client, more) => client.retrieve({ collection: "accounts", key: prepared(1), ...more });
const list = (client, more, link) =>
    client.retrieveMultiple({ collection: "accounts", select: ["accountnumber"], ...more }, link);
const numbers = (answer) => answer.value.map((row) => row.accountnumber);
const found = async (client, filter, more = {}) =>
    numbers(await list(client, { filter, orderBy: ["accountnumber"], ...more }));
const FORMATTED = "OData.Community.Display.V1.FormattedValue";

export const calls = {
    retrieve: async (client) => {
        const row = await one(client, { select: ["name", "revenue"] });
        return [row.accountid, row.name, row.revenue];
    },

    retrieve_by_alternate_key: async (client) =>
        (await one(client, { key: "accountnumber='Q-02'", select: ["revenue"] })).revenue,

    retrieve_umlauts: async (client) =>
        (await one(client, { key: "accountnumber='Q-12'", select: ["name"] })).name,

    retrieve_formatted_values: async (client) => {
        const select = ["customertypecode", "numberofemployees"];
        const row = await one(client, { select, includeAnnotations: FORMATTED });
        return [row.customertypecode_Formatted, row.numberofemployees_Formatted];
    },

    retrieve_expanded: async (client) => {
        const expand = [{ property: "primarycontactid", select: ["fullname"] }];
        return (await one(client, { select: ["name"], expand })).primarycontactid.fullname;
    },

    retrieve_expanded_collection: async (client) => {
        const expand = [{ property: "contact_customer_accounts", select: ["lastname"], orderBy: ["lastname desc"] }];
        const row = await one(client, { select: ["name"], expand });
        return row.contact_customer_accounts.map((each) => each.lastname);
    },

    retrieve_navigation_property: async (client) =>
        (await one(client, { navigationProperty: "primarycontactid", select: ["lastname"] })).lastname,

    retrieve_reference: async (client) => {
        const found = await one(client, { select: ["primarycontactid/$ref"] });
        return [found.collection, found.id];
    },

    retrieve_missing_row: (client) => one(client, { key: prepared(999) }),

    retrieve_only_if_changed: async (client) => {
        const tag = (await one(client, { select: ["name"] }))["@odata.etag"];
        return one(client, { select: ["name"], ifnonematch: tag });
    },

    list_by_filter: (client) => found(client, "numberofemployees gt 90 and creditonhold eq true"),

    list_with_umlaut_and_quote: (client) => found(client, "name eq 'O''Brien & Söhne'"),

    list_contains: (client) => found(client, "contains(name,'söhne') or endswith(name,'07')"),

    list_by_lookup: (client) => found(client, `_primarycontactid_value eq ${prepared(101)}`),

    list_by_any: (client) => found(client, "contact_customer_accounts/any(c:c/lastname eq 'Hopper')"),

    list_with_parameter_alias: (client) =>
        found(client, "accountnumber eq @p1", { queryParams: ["@p1='Q-05'"] }),

    list_in_order: async (client) => numbers(await list(client, { orderBy: ["numberofemployees desc"], top: 2 })),

    list_with_count: async (client) => {
        const answer = await list(client, { filter: "creditonhold eq false", count: true });
        return [answer.oDataCount, answer.value.length];
    },

    list_expanded: async (client) => {
        const expand = [{ property: "primarycontactid", select: ["lastname"] }];
        const answer = await list(client, { filter: "revenue ne null", orderBy: ["accountnumber"], expand });
        return answer.value.map((row) => row.primarycontactid?.lastname ?? null);
    },

    list_by_table_name: async (_, byTableNames) => {
        const request = { collection: "account", select: ["accountnumber"], filter: "accountnumber eq 'Q-03'" };
        return numbers(await byTableNames.retrieveMultiple(request));
    },

    pages: async (client) => {
        const request = { orderBy: ["accountnumber"], maxPageSize: 5 };
        const sizes = [];
        let answer = await list(client, request);
        for (;;) {
            sizes.push(numbers(answer));
            if (!answer.oDataNextLink) return sizes;
            answer = await list(client, request, answer.oDataNextLink);
        }
    },

    all_pages_at_once: async (client) =>
        numbers(
            await client.retrieveAll({
                collection: "accounts", select: ["accountnumber"], orderBy: ["accountnumber desc"], maxPageSize: 7,
            }),
        ),

    count: (client) => client.count({ collection: "accounts" }),

    count_with_filter: (client) => client.count({ collection: "accounts", filter: "telephone1 ne null" }),

    count_all: (client) =>
        client.countAll({ collection: "accounts", filter: "creditonhold eq true", select: ["accountid"] }),

    who_am_i: async (client) => (await client.callFunction("WhoAmI")).UserId,

    total_record_count: async (client) => {
        const answer = await client.callFunction({
            name: "RetrieveTotalRecordCount", parameters: { EntityNames: ["account", "contact"] },
        });
        return answer.EntityRecordCountCollection.Values;
    },

    unknown_column: (client) => found(client, "colour eq 'red'"),

    malformed_filter: (client) => found(client, "name eq eq 'x'"),

    changes: async (client) => {
        const request = { collection: "contacts", select: ["lastname"], trackChanges: true };
        const first = await client.retrieveMultiple(request);
        await client.create({ collection: "contacts", data: { contactid: prepared(301), lastname: "Neu" } });
        await client.update({ collection: "contacts", key: prepared(101), data: { lastname: "King" } });
        await client.deleteRecord({ collection: "contacts", key: prepared(202) });
        const second = await client.retrieveMultiple(request, first.oDataDeltaLink);
        const third = await client.retrieveMultiple(request, second.oDataDeltaLink);
        const changed = second.value.filter((row) => row.lastname).map((row) => row.lastname);
        const gone = second.value.filter((row) => row.reason).map((row) => [row.id, row.reason]);
        return { first: first.value.length, changed: changed.sort(), gone, third: third.value.length };
    },

    changes_with_filter: (client) =>
        client.retrieveMultiple({ collection: "contacts", filter: "lastname eq 'x'", trackChanges: true }),
};
