//! `portcullis init`: a node of one's own.

use crate::{
    Answer,
    cmd::key::make_key,
    config::{CellConfig, Config, FILE, LogConfig, TrustConfig, WitnessConfig},
    failure::Failure,
    home::{Home, fresh_seed, write_secret},
    ui::Ui,
};
use clap::Args;
use portcullis_core::{cell::Jurisdiction, member::Role};
use portcullis_node::Generator;
use portcullis_seal::key::Identity;
use portcullis_sign::SecretKey;
use portcullis_web::TlsIdentity;
use std::{path::Path, process::ExitCode};

/// Makes a node: its data folder, keys, first officer and configuration.
///
/// Nothing leaves this machine. What others need to know of the node is its card: send
/// `card.json` to whoever runs the register, over a channel on which you know each other.
///
/// Example, a police force:
///
///   portcullis --dir police init --member police.example --title "Example Police" \
///     --role authority --authority metropolitan_police --sector police --listen 127.0.0.1:8441 \
///     --officer officer1=applicant
///
/// Example, a CSIRT that wants a TAXII server and nothing else; it needs no register:
///
///   portcullis --dir csirt init --member csirt.example --role cell --country GB \
///     --plain-listen 127.0.0.1:9000 --collection Indicators
///   portcullis --dir csirt cell account add desk
///   portcullis --dir csirt serve
#[derive(Args)]
#[command(verbatim_doc_comment)]
#[expect(clippy::doc_markdown, reason = "a command line, as it is typed")]
pub(crate) struct Init {
    /// The member's name in the register: a word of a–z, 0–9, `-`, `.`.
    #[arg(long, value_name = "NAME")]
    member: String,
    /// The member's title, for people; its name, if not given.
    #[arg(long)]
    title: Option<String>,
    /// What it does: authority, approver, provider, overseer, cell, witness. Repeat for several.
    #[arg(long = "role", required = true, value_name = "ROLE")]
    roles: Vec<String>,
    /// What kind of authority it is, in the law files' words, such as `metropolitan_police`. Repeat for several.
    #[arg(long, value_name = "WORD")]
    authority: Vec<String>,
    /// Its sector, such as police, government, judiciary, company, oversight, academia. Only a cell
    /// on its own needs none.
    #[arg(long)]
    sector: Option<String>,
    /// Where `serve` listens.
    #[arg(long, default_value = "127.0.0.1:8443", value_name = "ADDRESS:PORT")]
    listen: String,
    /// Under which address others reach it; `https://` and the listening address, if not given.
    #[arg(long, value_name = "URL")]
    endpoint: Option<String>,
    /// `live`, or `exercise-NAME`.
    #[arg(long, default_value = "live")]
    realm: String,
    /// The first officers, each with an office: `officer1=applicant`. Repeat for several.
    #[arg(long = "officer", value_name = "NAME=OFFICE")]
    officers: Vec<String>,
    /// Makes the keys of a register's log too: for the member that publishes the register.
    #[arg(long)]
    registrar: bool,
    /// The tick of the record, in milliseconds.
    #[arg(long, default_value_t = 600_000, value_name = "MS")]
    tick_ms: u64,
    /// The schema of cells in which the log counts; that of the first role, if not given. It
    /// stays for the life of the log.
    #[arg(long, value_name = "NAME")]
    schema: Option<String>,
    /// A log to witness before there is a register: its vkey. Repeat for several.
    #[arg(long, value_name = "VKEY")]
    witness_log: Vec<String>,
    /// Where a cell answers in plain HTTP as well: a loopback address, for programs on this machine
    /// or a proxy in front.
    #[arg(long, value_name = "ADDRESS:PORT")]
    plain_listen: Option<String>,
    /// Whose law a cell's member is under: a country's two letters.
    #[arg(long, value_name = "GB", value_parser = crate::cmd::cell::country)]
    country: Option<Jurisdiction>,
    /// Makes a collection in the cell at once, for this member's own accounts. Repeat for several.
    #[arg(long = "collection", value_name = "TITLE", requires = "country")]
    collections: Vec<String>,
}

impl Init {
    pub(crate) fn run(self, dir: &Path, ui: &Ui) -> Answer {
        self.check()?;
        let (cell, sector) = (self.cell_config()?, self.sector()?);
        if dir.join(FILE).exists() {
            return Err(Failure::refused(
                "init.exists",
                format!("`{}` holds a node already", dir.display()),
            )
            .hint("choose another folder with `--dir DIR`"));
        }
        let make = |path: &Path| {
            std::fs::create_dir_all(path).map_err(|error| Failure::file(path, &error))
        };
        for folder in ["keys", "officers", "laws", "schemas", "blobs"] {
            make(&dir.join(folder))?;
        }
        private(&dir.join("keys"))?;
        private(&dir.join("officers"))?;
        let witness = self.roles.iter().any(|role| role == "witness");
        let registrar = self.registrar;
        let (officers, collections) = (self.officers.clone(), self.collections.clone());
        let endpoint = self
            .endpoint
            .unwrap_or_else(|| format!("https://{}", self.listen));
        let config = Config {
            title: self.title.unwrap_or_else(|| self.member.clone()),
            member: self.member,
            realm: self.realm,
            roles: self.roles,
            authority: self.authority,
            sector,
            listen: self.listen,
            endpoint,
            log: LogConfig {
                tick_ms: self.tick_ms,
                tiles: 1,
                schema: self.schema,
            },
            witness: WitnessConfig {
                logs: self.witness_log,
            },
            trust: TrustConfig::default(),
            cell,
        };
        let home = Home {
            dir: dir.to_owned(),
            config: config.clone(),
            env: crate::clock::SystemEnv,
        };
        home.member()?;
        home.realm()?;
        home.schema()?;
        make_keys(&home, witness, registrar, &officers)?;
        // CRASH: the configuration comes last; a folder without it is no node and init can be run again elsewhere.
        write_secret(&dir.join(FILE), &config.fresh())?;
        let home = Home::open(dir)?;
        note_unknown_authority(&home, ui)?;
        let named: Vec<(String, String)> = officers
            .iter()
            .map(|officer| {
                split_officer(officer).map(|(name, office)| (name.to_owned(), office.to_owned()))
            })
            .collect::<Result<_, _>>()?;
        let card = crate::cmd::key::card(&home, &named)?;
        let text = format!("{card:#}\n");
        let path = dir.join("card.json");
        std::fs::write(&path, &text).map_err(|error| Failure::file(&path, &error))?;
        ui.say(format_args!(
            "made a node for `{}` in `{}`",
            home.config.member,
            dir.display()
        ));
        ui.say(format_args!(
            "its card is `{}`: give it to whoever runs the register",
            path.display()
        ));
        ui.say("back up `keys/` and `officers/` now; nobody can make them again");
        ui.say("`keys/ballot.seed` opens every count of its record: lost, no report can be made");
        let opened = crate::cmd::cell::begin(&home, &collections, *ui)?;
        let mut answer = card;
        if let (Some(answer), false) = (answer.as_object_mut(), opened.is_empty()) {
            answer.insert("collections".into(), opened.into());
        }
        ui.answer(&answer);
        Ok(ExitCode::SUCCESS)
    }

    /// The cell's doors, if it has a cell: by its role, or because something is said of it.
    fn cell_config(&self) -> Result<Option<CellConfig>, Failure> {
        let by_role = self.roles.iter().any(|role| role == "cell");
        if !by_role && self.plain_listen.is_none() {
            return match self.collections.first() {
                None => Ok(None),
                Some(_) => {
                    Err(Failure::usage("`--collection` is for a cell").hint("add `--role cell`"))
                }
            };
        }
        if let Some(address) = &self.plain_listen {
            crate::config::loopback(address)?;
        }
        Ok(Some(CellConfig {
            plain_listen: self.plain_listen.clone(),
            country: self.country.map(|country| country.to_string()),
            ..CellConfig::default()
        }))
    }

    /// Whoever joins a register says what it is; a cell on its own is asked by nobody.
    fn sector(&self) -> Result<String, Failure> {
        match &self.sector {
            Some(sector) => Ok(sector.clone()),
            None if self.roles.iter().all(|role| role == "cell") => Ok("cell".into()),
            None => Err(Failure::usage("`--sector` is missing")
                .hint("such as police, government, judiciary, company, oversight, academia")),
        }
    }

    fn check(&self) -> Result<(), Failure> {
        for role in &self.roles {
            if Role::parse(role).is_none() {
                let known: Vec<_> = Role::ALL.iter().map(|role| role.as_str()).collect();
                return Err(Failure::usage(format!(
                    "`{role}` is no role: {}",
                    known.join(", ")
                )));
            }
        }
        for officer in &self.officers {
            split_officer(officer)?;
        }
        Ok(())
    }
}

/// Makes the keys of a node: its own, those of its logs, and its first officers'.
fn make_keys(
    home: &Home,
    witness: bool,
    registrar: bool,
    officers: &[String],
) -> Result<(), Failure> {
    let config = &home.config;
    let mut generator = Generator(&home.env);
    let node_key = SecretKey::generate(&mut generator);
    write_secret(
        &home.key_path("node.key"),
        &format!("{}\n", &*node_key.to_text()),
    )?;
    write_secret(&home.key_path("log.seed"), &fresh_seed(&home.env))?;
    write_secret(&home.key_path("ballot.seed"), &fresh_seed(&home.env))?;
    if witness {
        write_secret(&home.key_path("witness.seed"), &fresh_seed(&home.env))?;
    }
    if registrar {
        write_secret(&home.key_path("register.seed"), &fresh_seed(&home.env))?;
    }
    let identity = Identity::generate();
    let recipient = identity.recipient().to_string();
    identity.expose(|text| {
        write_secret(
            &home.key_path("delivery.key"),
            &format!("# public key: {recipient}\n{text}\n"),
        )
    })?;
    let tls = TlsIdentity::generate(&[&config.member])
        .map_err(|error| Failure::unable("tls", error.to_string()))?;
    write_secret(&home.key_path("tls.key.pem"), &tls.key_pem())?;
    write_secret(&home.key_path("tls.cert.pem"), &tls.certificate_pem())?;
    for officer in officers {
        let (name, _) = split_officer(officer)?;
        make_key(home, name)?;
    }
    Ok(())
}

/// Says which words for the authority no law knows: nobody could apply under them.
fn note_unknown_authority(home: &Home, ui: &Ui) -> Result<(), Failure> {
    let laws = home.laws()?;
    for word in &home.config.authority {
        let rules = laws.iter().flat_map(|law| &law.rules);
        if !rules.into_iter().any(|rule| rule.applicants.contains(word)) {
            ui.note(format_args!(
                "note: no installed law knows the authority `{word}`; see `portcullis law show`"
            ));
        }
    }
    Ok(())
}

/// `officer1=applicant`, checked.
fn split_officer(text: &str) -> Result<(&str, &str), Failure> {
    let parts = text.split_once('=');
    let (name, office) = parts.ok_or_else(|| {
        Failure::usage(format!(
            "`{text}`: write NAME=OFFICE, such as officer1=applicant"
        ))
    })?;
    crate::cmd::key::check_name(name)?;
    crate::cmd::key::parse_office(office)?;
    Ok((name, office))
}

fn private(path: &Path) -> Result<(), Failure> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o700))
            .map_err(|error| Failure::file(path, &error))?;
    }
    Ok(())
}
