//! "Did you mean": the known word nearest to an unknown one.

/// The nearest of `known`, where it is near enough to be meant.
pub(crate) fn nearest<'a>(word: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let word = word.to_lowercase();
    known
        .into_iter()
        .map(|candidate| (strsim::damerau_levenshtein(&word, &candidate.to_lowercase()), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.len().max(word.len()) / 3)
        .min()
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_what_was_meant_and_nothing_else() {
        assert_eq!(nearest("lisen", ["listen", "level"]), Some("listen"));
        assert_eq!(nearest("dataDir", ["data_dir", "database"]), Some("data_dir"));
        assert_eq!(nearest("colour", ["listen", "level"]), None);
    }
}
