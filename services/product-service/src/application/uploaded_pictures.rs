//! Uploaded pictures in a change: their paths lead to pictures of the library, whose dimensions are known.

use super::{Catalogue, CatalogueError, ChangeRequest};
use crate::domain::{ProductCommand, Rejection, events::Media};

/// Path below which the pictures of the library are.
const LIBRARY_PATH: &str = "/media/";

impl Catalogue {
    /// The same change, with the path and the dimensions of each uploaded picture as the library has them.
    pub(super) async fn with_uploaded_pictures(
        &self,
        mut request: ChangeRequest,
    ) -> Result<ChangeRequest, CatalogueError> {
        let media = match &mut request.command {
            ProductCommand::Create(draft) | ProductCommand::Upsert(draft) => Some(&mut draft.media),
            ProductCommand::Change(changes) => changes.media.as_mut(),
            _ => None,
        };
        for (index, media) in media.into_iter().flatten().enumerate() {
            self.complete(index, media).await?;
        }
        Ok(request)
    }

    async fn complete(&self, index: usize, media: &mut Media) -> Result<(), CatalogueError> {
        let Some(path) = media.url.strip_prefix(LIBRARY_PATH) else { return Ok(()) };
        let digest = path.split('/').next().unwrap_or_default();
        let Some(picture) = self.library.picture(digest).await? else {
            let field = format!("media[{index}].image.url");
            let reason = "is not the path of an uploaded picture; upload it at /api/v1/media first";
            return Err(Rejection::Malformed { field, reason }.into());
        };
        (media.width, media.height) =
            (picture.largest_width(), picture.height_at(picture.largest_width()));
        media.url = picture.largest_path();
        Ok(())
    }
}
