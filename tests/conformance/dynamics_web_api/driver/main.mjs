/**
 * Makes the calls of one group with dynamics-web-api and prints what each gives, one line of JSON a call.
 *
 * Run as `node main.mjs GROUP`. Standard input holds the sandbox's addresses and credentials and the folder of
 * the Node peers as a JSON object; the environment variable NODE_EXTRA_CA_CERTS names the authority to trust.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const given = JSON.parse(readFileSync(0, "utf8"));
const { DynamicsWebApi } = createRequire(`${given.peers}/`)("dynamics-web-api");

async function token() {
    const form = {
        grant_type: "client_credentials",
        client_id: given.client_id,
        client_secret: given.client_secret,
        scope: `${given.environment}/.default`,
    };
    const url = `${given.authority}/${given.tenant_id}/oauth2/v2.0/token`;
    const answer = await fetch(url, { method: "POST", body: new URLSearchParams(form) });
    return (await answer.json()).access_token;
}

const bearer = await token();
const options = { serverUrl: given.environment, dataApi: { version: "9.2" }, onTokenRefresh: async () => bearer };
const client = new DynamicsWebApi(options);
const byTableNames = new DynamicsWebApi({ ...options, useEntityNames: true });

const { calls } = await import(`./${process.argv[2]}.mjs`);
for (const [call, make] of Object.entries(calls)) {
    let outcome;
    try {
        outcome = { result: (await make(client, byTableNames)) ?? null };
    } catch (error) {
        // An error of the service has a status and its code; anything else is a failure of the call.
        outcome = error.status
            ? { result: { status: error.status, code: error.code ?? null }, message: error.message }
            : { failure: String(error.stack ?? error) };
    }
    console.log(JSON.stringify({ call, ...outcome }));
}
