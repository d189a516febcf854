//! Paths on the shop in a change: they lead to pictures of the library, whose dimensions are known, or to drawings. Any
//! other path would be stored and could not be shown.

use super::{Catalogue, CatalogueError, ChangeRequest};
use crate::domain::{ProductCommand, Rejection, events::Media, picture_address::PictureAddress};

/// Path below which the pictures of the library are.
const LIBRARY_PATH: &str = "/media/";
/// Path below which the storefront draws pictures.
const DRAWINGS_PATH: &str = "/pictures/";

impl Catalogue {
    /// The same change, with the path and the dimensions of each uploaded picture as the library has them.
    pub(super) async fn with_uploaded_pictures(
        &self,
        mut request: ChangeRequest,
    ) -> Result<ChangeRequest, CatalogueError> {
        let media = match &mut request.command {
            ProductCommand::Create(draft) | ProductCommand::Upsert { draft, .. } => {
                Some(&mut draft.media)
            }
            ProductCommand::Change(changes) => changes.media.as_mut(),
            _ => None,
        };
        for (index, media) in media.into_iter().flatten().enumerate() {
            self.complete(index, media).await?;
        }
        Ok(request)
    }

    async fn complete(&self, index: usize, media: &mut Media) -> Result<(), CatalogueError> {
        let url = PictureAddress::parse(&media.url);
        let Some(PictureAddress::OnShop(path)) = url else { return Ok(()) };
        if path.starts_with(DRAWINGS_PATH) {
            return Ok(());
        }
        let digest = path.strip_prefix(LIBRARY_PATH).and_then(|rest| rest.split('/').next());
        let picture = self.library.picture(digest.unwrap_or_default()).await?;
        let Some(picture) = picture else {
            let field = format!("media[{index}].image.url");
            let reason =
                "is not the path of a picture of this shop; upload it at /api/v1/media first";
            return Err(Rejection::Malformed { field, reason }.into());
        };
        (media.width, media.height) =
            (picture.largest_width(), picture.height_at(picture.largest_width()));
        media.url = picture.largest_path();
        Ok(())
    }
}
