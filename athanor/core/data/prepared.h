#pragma once
// Shards that are made once and found again: what documents and samples have in common.

#include <functional>

#include "athanor/core/data/prepare.h"

namespace athanor::data {

/// input_error where there is no training file, or data.eval and data.holdout are both set.
void check(const DataOptions& options);
bool wants_eval(const DataOptions& options);
/// Of all files together; file_error where one is not there.
uint64_t total_bytes(const DataOptions& options);
/// The options that decide what the shards hold, as JSON, with the files' hashes.
base::Json key_of_files(const DataOptions& options);

/// Adds what a cleaner did to the report's counts and examples.
void report_cleaning(const Cleaner& cleaner, DataReport& report);

/// Opens `folder`/{train,eval}-<key>.tokens, or has them made and opens them.
PreparedData prepared_once(
    const std::filesystem::path& folder, uint64_t key, bool wants_eval,
    const std::function<DataReport(const std::filesystem::path& train, const std::filesystem::path& eval)>& make);

}  // namespace athanor::data
