// What is in a database, as lines that can be compared after everything was dropped and created again: names and
// definitions, no oids. The journal and what belongs to it are left out.
import type { TestDatabase } from "./database.ts";

/** Every object that is not the server's own, with its definition, its comment and its rights, and every table's rows. */
export async function catalogFingerprint(database: TestDatabase, journal = "hj_migration"): Promise<readonly string[]> {
  const objects = await database.query<{ line: string }>(OBJECTS.replaceAll("$journal", journal));
  const tables = await database.query<{ name: string }>(
    `select c.oid::regclass::text as name from pg_class c where relkind in ('r', 'p', 'm') and relname <> $1
       and relnamespace::regnamespace::text not in ('pg_catalog', 'information_schema') and relnamespace::regnamespace::text not like 'pg\\_%'
     order by c.oid::regclass::text collate "C"`,
    [journal],
  );
  const rows: string[] = [];
  for (const { name } of tables) {
    const [table] = await database.query<{ content: string | null }>(
      `select string_agg(t::text, E'\\n' order by t::text collate "C") as content from ${name} t`,
    );
    rows.push(`rows ${name}: ${table?.content ?? "none"}`);
  }
  return [...objects.map(({ line }) => line), ...rows];
}

// One line an object. `own` is every schema that is not the server's, `relation` every relation but the journal's.
const OBJECTS = `
with own as (
  select oid, nspname, nspowner, nspacl from pg_namespace
  where nspname not like 'pg\\_%' and nspname <> 'information_schema'
), journal as (
  select oid from pg_class where relname = '$journal' and relkind = 'r'
), journal_part as (
  select oid from journal
  union all select indexrelid from pg_index where indrelid in (select oid from journal)
  union all select objid from pg_depend
    where classid = 'pg_class'::regclass and refclassid = 'pg_class'::regclass and deptype in ('a', 'i')
      and refobjid in (select oid from journal)
), relation as (
  select c.*, format('%I.%I', own.nspname, c.relname) as called from pg_class c join own on own.oid = c.relnamespace
  where c.oid not in (select oid from journal_part) and c.relname not like 'pg_toast%'
), line as (
  select concat_ws(' | ', 'schema', nspname, nspowner::regrole, nspacl::text, obj_description(oid, 'pg_namespace')) as line
    from own
  union all
  select concat_ws(' | ', 'relation', called, relkind, relpersistence, relowner::regrole, relacl::text, relrowsecurity,
      relforcerowsecurity, relreplident, relispartition, relispopulated, reloptions::text,
      pg_get_expr(relpartbound, oid), case when relkind = 'p' then pg_get_partkeydef(oid) end,
      case when relkind in ('v', 'm') then pg_get_viewdef(oid) end, obj_description(oid, 'pg_class'))
    from relation
  union all
  select concat_ws(' | ', 'parent', called, inhseqno, inhparent::regclass) from pg_inherits join relation on oid = inhrelid
  union all
  select concat_ws(' | ', 'column', called, row_number() over (partition by attrelid order by attnum), attname,
      format_type(atttypid, atttypmod), attnotnull, attidentity, attgenerated, attstorage, attcompression,
      attislocal, attinhcount, coalesce(attstattarget, -1), attcollation::regcollation, attoptions::text, attacl::text,
      pg_get_expr(adbin, adrelid), col_description(attrelid, attnum))
    from pg_attribute join relation on relation.oid = attrelid
    left join pg_attrdef on adrelid = attrelid and adnum = attnum
    where attnum > 0 and not attisdropped
  union all
  select concat_ws(' | ', 'constraint', coalesce(called, contypid::regtype::text), conname, contype,
      pg_get_constraintdef(c.oid), convalidated, condeferrable, condeferred, connoinherit, conislocal,
      obj_description(c.oid, 'pg_constraint'))
    from pg_constraint c join own on own.oid = connamespace left join relation on relation.oid = conrelid
    where conrelid = 0 or relation.oid is not null
  union all
  select concat_ws(' | ', 'index', called, pg_get_indexdef(indexrelid), indisunique, indisprimary, indisvalid, indisready,
      indislive, indisclustered, indisreplident, indimmediate)
    from pg_index join relation on oid = indexrelid
  union all
  select concat_ws(' | ', 'sequence', called, seqtypid::regtype, seqstart, seqincrement, seqmin, seqmax, seqcache, seqcycle,
      deptype, refobjid::regclass, refobjsubid)
    from pg_sequence join relation on oid = seqrelid
    left join pg_depend on objid = seqrelid and classid = 'pg_class'::regclass and deptype in ('a', 'i')
      and refclassid = 'pg_class'::regclass
  union all
  select concat_ws(' | ', 'trigger', called, tgname, tgenabled, pg_get_triggerdef(t.oid), obj_description(t.oid, 'pg_trigger'))
    from pg_trigger t join relation on relation.oid = tgrelid where not tgisinternal
  union all
  select concat_ws(' | ', 'policy', called, polname, polcmd, polpermissive, polroles::regrole[]::text,
      pg_get_expr(polqual, polrelid), pg_get_expr(polwithcheck, polrelid), obj_description(p.oid, 'pg_policy'))
    from pg_policy p join relation on relation.oid = polrelid
  union all
  select concat_ws(' | ', 'rule', called, rulename, ev_enabled, pg_get_ruledef(r.oid), obj_description(r.oid, 'pg_rewrite'))
    from pg_rewrite r join relation on relation.oid = ev_class where rulename <> '_RETURN'
  union all
  select concat_ws(' | ', 'statistics', stxname, pg_get_statisticsobjdef(s.oid), stxowner::regrole)
    from pg_statistic_ext s join own on own.oid = stxnamespace
  union all
  select concat_ws(' | ', 'function', p.oid::regprocedure, prokind, proowner::regrole, proacl::text,
      case when prokind = 'a' then (select concat_ws(' ', aggtransfn, aggtranstype::regtype, agginitval) from pg_aggregate where aggfnoid = p.oid)
        else pg_get_functiondef(p.oid) end, obj_description(p.oid, 'pg_proc'))
    from pg_proc p join own on own.oid = pronamespace
  union all
  select concat_ws(' | ', 'type', t.oid::regtype, typtype, typowner::regrole, typacl::text, typnotnull, typdefault,
      typbasetype::regtype, typcollation::regcollation, (select string_agg(enumlabel, ',' order by enumsortorder) from pg_enum where enumtypid = t.oid),
      (select concat_ws(' ', rngsubtype::regtype, rngmultitypid::regtype) from pg_range where rngtypid = t.oid),
      obj_description(t.oid, 'pg_type'))
    from pg_type t join own on own.oid = typnamespace
    where typelem = 0 and (typrelid = 0 or typrelid in (select oid from relation))
  union all
  select concat_ws(' | ', 'operator', o.oid::regoperator, oprcode, oprcom::regoperator)
    from pg_operator o join own on own.oid = oprnamespace
  union all
  select concat_ws(' | ', 'cast', castsource::regtype, casttarget::regtype, castfunc::regprocedure, castcontext, castmethod)
    from pg_cast where oid >= 16384
  union all
  select concat_ws(' | ', 'collation', nspname, collname, collprovider, collcollate)
    from pg_collation join own on own.oid = collnamespace
  union all
  select concat_ws(' | ', 'default rights', defaclrole::regrole, defaclnamespace::regnamespace, defaclobjtype, defaclacl::text)
    from pg_default_acl
  union all
  select concat_ws(' | ', 'extension', extname, extversion) from pg_extension
  union all
  select concat_ws(' | ', 'event trigger', evtname, evtevent, evtfoid::regproc) from pg_event_trigger
  union all
  select concat_ws(' | ', 'publication', pubname) from pg_publication
  union all
  select concat_ws(' | ', 'foreign server', srvname) from pg_foreign_server
  union all
  select concat_ws(' | ', 'text search', nspname, cfgname) from pg_ts_config join own on own.oid = cfgnamespace
)
select line from line order by line collate "C"`;
