//! The shop window, to look at while working on it: `cargo run -p storefront --example window`.

#[path = "../tests/window/stand_in.rs"]
mod stand_in;

#[tokio::main]
async fn main() -> std::io::Result<()> {
    let shop = stand_in::shop().await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:8090").await?;
    println!("http://{}", listener.local_addr()?);
    web::serve(listener, shop, web::ServeOptions::default(), std::future::pending()).await;
    Ok(())
}
