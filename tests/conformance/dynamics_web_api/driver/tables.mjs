/** Metadata: tables, columns, alternate keys and relationships, read and written. */
import { prepared } from "./ids.mjs";

const CRM = "Microsoft.Dynamics.CRM";
const TICKET = "LogicalName='new_ticket'";
const label = (text) => ({
    "@odata.type": `${CRM}.Label`,
    LocalizedLabels: [{ "@odata.type": `${CRM}.LocalizedLabel`, Label: text, LanguageCode: 1033 }],
});
const column = (kind, name, more = {}) => ({
    "@odata.type": `${CRM}.${kind}AttributeMetadata`,
    SchemaName: name,
    DisplayName: label(name),
    RequiredLevel: { Value: "None", CanBeChanged: true },
    ...more,
});
const table = (name) => ({
    "@odata.type": `${CRM}.EntityMetadata`,
    SchemaName: name,
    DisplayName: label(name),
    DisplayCollectionName: label(`${name}s`),
    OwnershipType: "UserOwned",
    ChangeTrackingEnabled: true,
    Attributes: [column("String", "new_Title", { IsPrimaryName: true, MaxLength: 80 })],
});
const lookup = (name, field) => ({
    "@odata.type": `${CRM}.OneToManyRelationshipMetadata`,
    SchemaName: name,
    ReferencedEntity: "account",
    ReferencedAttribute: "accountid",
    ReferencingEntity: "new_ticket",
    Lookup: column("Lookup", field),
});
const add = (client, data) => client.createAttribute({ entityKey: TICKET, data });
const options = [1, 2].map((value) => ({ Value: value, Label: label(["Low", "High"][value - 1]) }));
const MOST_POLLS = 50;

export const calls = {
    create_table: (client) => client.createEntity({ data: table("new_Ticket") }),

    create_table_that_exists: (client) => client.createEntity({ data: table("new_Ticket") }),

    retrieve_table: async (client) => {
        const found = await client.retrieveEntity({ key: TICKET, select: ["EntitySetName", "PrimaryNameAttribute"] });
        return [found.EntitySetName, found.PrimaryNameAttribute];
    },

    retrieve_missing_table: (client) => client.retrieveEntity({ key: "LogicalName='new_nothing'" }),

    list_tables: async (client) => {
        const filter = "LogicalName eq 'new_ticket' or LogicalName eq 'account'";
        const found = await client.retrieveEntities({ select: ["LogicalName"], filter });
        return found.value.map((each) => each.LogicalName).sort();
    },

    update_table: async (client) => {
        const found = await client.retrieveEntity({ key: TICKET });
        await client.updateEntity({ data: { ...found, DisplayName: label("Trouble ticket") }, mergeLabels: true });
    },

    create_text_column: (client) => add(client, column("String", "new_Number", { MaxLength: 20 })),

    create_choice_column: (client) =>
        add(client, column("Picklist", "new_Urgency", { OptionSet: { IsGlobal: false, Options: options } })),

    create_money_column: (client) => add(client, column("Money", "new_Cost", { Precision: 2, MinValue: 0 })),

    create_date_column: (client) =>
        add(client, column("DateTime", "new_Due", { Format: "DateOnly", DateTimeBehavior: { Value: "DateOnly" } })),

    retrieve_column: async (client) => {
        const found = await client.retrieveAttribute({
            entityKey: TICKET,
            attributeKey: "LogicalName='new_number'",
            castType: `${CRM}.StringAttributeMetadata`,
            select: ["MaxLength"],
        });
        return found.MaxLength;
    },

    retrieve_choices: async (client) => {
        const found = await client.retrieveAttribute({
            entityKey: TICKET,
            attributeKey: "LogicalName='new_urgency'",
            castType: `${CRM}.PicklistAttributeMetadata`,
            select: ["LogicalName"],
            expand: [{ property: "OptionSet", select: ["Options"] }],
        });
        return found.OptionSet.Options.map((each) => [each.Value, each.Label.UserLocalizedLabel.Label]);
    },

    list_columns: async (client) => {
        const found = await client.retrieveAttributes({
            entityKey: TICKET, castType: `${CRM}.MoneyAttributeMetadata`, select: ["LogicalName"],
        });
        return found.value.map((each) => each.LogicalName).sort();
    },

    update_column: async (client) => {
        const found = await client.retrieveAttribute({
            entityKey: TICKET,
            attributeKey: "LogicalName='new_number'",
            castType: `${CRM}.StringAttributeMetadata`,
        });
        await client.updateAttribute({
            entityKey: TICKET,
            castType: `${CRM}.StringAttributeMetadata`,
            data: { ...found, MaxLength: 40 },
        });
    },

    create_relationship: (client) => client.createRelationship({ data: lookup("new_ticket_account", "new_AccountId") }),

    retrieve_relationship: async (client) => {
        const found = await client.retrieveRelationship({
            key: "SchemaName='new_ticket_account'", castType: `${CRM}.OneToManyRelationshipMetadata`,
        });
        return [found.ReferencedEntity, found.ReferencingAttribute];
    },

    list_relationships: async (client) => {
        const found = await client.retrieveRelationships({ filter: "SchemaName eq 'new_ticket_account'" });
        return found.value.map((each) => each.SchemaName);
    },

    delete_relationship: async (client) => {
        const id = await client.createRelationship({ data: lookup("new_ticket_gone", "new_GoneId") });
        await client.deleteRelationship({ key: id });
    },

    create_key: (client) =>
        client.create({
            collection: "EntityDefinitions",
            key: TICKET,
            navigationProperty: "Keys",
            data: { SchemaName: "new_number_key", KeyAttributes: ["new_number"], DisplayName: label("Number") },
        }),

    key_becomes_active: async (client) => {
        const request = { collection: "EntityDefinitions", key: TICKET, navigationProperty: "Keys" };
        for (let poll = 0; poll < MOST_POLLS; poll += 1) {
            const found = await client.retrieve(request);
            if (found.value[0].EntityKeyIndexStatus === "Active") return "Active";
        }
        return "Pending";
    },

    create_row: (client) =>
        client.create({
            collection: "new_tickets",
            data: {
                new_title: "Drucker brennt",
                new_number: "T-1",
                new_urgency: 2,
                new_cost: 12.5,
                new_due: "2026-03-01",
                "new_AccountId@odata.bind": `accounts(${prepared(1)})`,
            },
        }),

    upsert_row_by_new_key: async (client) => {
        const request = { collection: "new_tickets", key: "new_number='T-2'", data: { new_title: "By key" } };
        await client.upsert(request);
        await client.upsert({ ...request, data: { new_title: "By key, again" } });
    },

    changes_of_new_table: async (client) => {
        const request = { collection: "new_tickets", select: ["new_title"], trackChanges: true };
        const first = await client.retrieveMultiple(request);
        await client.upsert({ collection: "new_tickets", key: "new_number='T-3'", data: { new_title: "Third" } });
        const second = await client.retrieveMultiple(request, first.oDataDeltaLink);
        return [first.value.length, second.value.map((row) => row.new_title)];
    },

    csdl: async (client) => {
        const text = await client.retrieveCsdlMetadata();
        const type = text.slice(text.indexOf('<EntityType Name="new_ticket"'));
        const body = type.slice(0, type.indexOf("</EntityType>"));
        return ["new_number", "new_due", "new_AccountId"].map((name) => body.includes(`Name="${name}"`));
    },

    delete_table: async (client) => {
        await client.createEntity({ data: table("new_Gone") });
        await client.deleteRecord({ collection: "EntityDefinitions", key: "LogicalName='new_gone'" });
    },
};
