//! The real shop with its demonstration catalogue, on free ports and in a folder of its own.

use crate::{
    http::{self, Answer},
    needs,
    warden::{self, Ending},
};
use std::{
    io::{BufRead, BufReader},
    process::Child,
    sync::OnceLock,
};

/// A running shop.
#[derive(Debug)]
pub struct Shop {
    /// Where shoppers are served: `127.0.0.1:41234`.
    address: String,
    operator: String,
    _shell: Child,
}

impl Shop {
    /// The shop, which the first test starts.
    pub fn shared() -> &'static Self {
        static SHOP: OnceLock<Shop> = OnceLock::new();
        SHOP.get_or_init(Self::start)
    }

    fn start() -> Self {
        let folder = warden::folder();
        let arguments = [
            "--data".to_owned(),
            folder.join("data").display().to_string(),
            "--listen=127.0.0.1:0".to_owned(),
            "--operator-listen=127.0.0.1:0".to_owned(),
        ];
        let mut shell = warden::start(Ending::Signalled, &folder, &needs::product(), &arguments);
        let output = shell.stdout.take().expect("the output is a pipe");
        let mut lines = BufReader::new(output).lines().map_while(Result::ok);
        let mut address = |edge: &str| {
            let announced = lines.find_map(|line| {
                Some(line.strip_prefix(edge)?.trim().strip_prefix("http://")?.to_owned())
            });
            announced.unwrap_or_else(|| {
                panic!("the shop ended before it said where it serves the {edge} edge")
            })
        };
        Self { address: address("shop"), operator: address("operator"), _shell: shell }
    }

    /// The address of a page.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// What the shop answers to a bare request.
    pub fn get(&self, path: &str, headers: &[(&str, &str)]) -> Answer {
        http::get(&self.address, path, headers)
    }

    /// What an operator who sends this is answered.
    pub fn operator_post(&self, path: &str, json: &str) -> Answer {
        http::post(&self.operator, path, json)
    }

    /// What an operator is answered.
    pub fn operator_get(&self, path: &str) -> Answer {
        http::get(&self.operator, path, &[])
    }
}
