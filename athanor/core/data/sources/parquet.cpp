// Apache Parquet (parquet.apache.org/docs/file-format), as most data sets on the Hugging Face hub are kept: a table whose columns
// hold texts, numbers, booleans, lists and records. A row becomes a JSON object; what has no JSON (times, decimals) becomes its
// text, and bytes that are no UTF-8 (pictures) become null. Read by Arrow, a thousand rows at a time, where the program was built
// with it
// (`make setup build PARQUET=1`); else a Parquet file is an error that says so. Checked against pyarrow's own reading.

#include <filesystem>
#include <memory>

#include "athanor/core/base/cat.h"
#include "athanor/core/base/error.h"
#include "athanor/core/data/source.h"

#ifdef ATHANOR_PARQUET
#include <arrow/array.h>
#include <arrow/io/file.h>
#include <arrow/record_batch.h>
#include <arrow/scalar.h>
#include <arrow/type.h>
#include <parquet/arrow/reader.h>

#include <nlohmann/json.hpp>

#include "athanor/core/base/utf8.h"
#include "athanor/core/data/json_row.h"
#endif

namespace athanor::data {
namespace fs = std::filesystem;

#ifdef ATHANOR_PARQUET
namespace {

constexpr const char* kParquetWhere = "data.parquet";
constexpr int64_t kRowsAtOnce = 1024;
constexpr int kDeepestColumn = 32;

base::Json value_of(const arrow::Array& array, int64_t i, int depth);

base::Json text_of_bytes(std::string_view bytes) {
  if (base::invalid_utf8(bytes) != std::string_view::npos) return nullptr;
  return std::string(bytes);
}

template <typename List>
base::Json list_of(const arrow::Array& array, int64_t i, int depth) {
  const auto& list = static_cast<const List&>(array);
  base::Json out = base::Json::array();
  for (int64_t k = 0; k < list.value_length(i); ++k) out.push_back(value_of(*list.values(), list.value_offset(i) + k, depth + 1));
  return out;
}

base::Json record_of(const arrow::Array& array, int64_t i, int depth) {
  const auto& record = static_cast<const arrow::StructArray&>(array);
  base::Json out = base::Json::object();
  for (int k = 0; k < record.num_fields(); ++k)
    out[record.struct_type()->field(k)->name()] = value_of(*record.field(k), i, depth + 1);
  return out;
}

base::Json value_of(const arrow::Array& array, int64_t i, int depth) {
  if (array.IsNull(i) || depth > kDeepestColumn) return nullptr;
  switch (array.type_id()) {
    case arrow::Type::BOOL:
      return static_cast<const arrow::BooleanArray&>(array).Value(i);
    case arrow::Type::INT32:
      return static_cast<const arrow::Int32Array&>(array).Value(i);
    case arrow::Type::INT64:
      return static_cast<const arrow::Int64Array&>(array).Value(i);
    case arrow::Type::FLOAT:
      return static_cast<const arrow::FloatArray&>(array).Value(i);
    case arrow::Type::DOUBLE:
      return static_cast<const arrow::DoubleArray&>(array).Value(i);
    case arrow::Type::STRING:
    case arrow::Type::BINARY:
      return text_of_bytes(static_cast<const arrow::BinaryArray&>(array).GetView(i));
    case arrow::Type::LARGE_STRING:
    case arrow::Type::LARGE_BINARY:
      return text_of_bytes(static_cast<const arrow::LargeBinaryArray&>(array).GetView(i));
    case arrow::Type::LIST:
    case arrow::Type::MAP:
      return list_of<arrow::ListArray>(array, i, depth);
    case arrow::Type::LARGE_LIST:
      return list_of<arrow::LargeListArray>(array, i, depth);
    case arrow::Type::STRUCT:
      return record_of(array, i, depth);
    case arrow::Type::DICTIONARY: {
      const auto& coded = static_cast<const arrow::DictionaryArray&>(array);
      return value_of(*coded.dictionary(), coded.GetValueIndex(i), depth + 1);
    }
    default:
      break;
  }
  const auto scalar = array.GetScalar(i);
  if (!scalar.ok()) return nullptr;
  const std::string text = (*scalar)->ToString();
  const bool number = arrow::is_integer(array.type_id());
  return number ? base::Json::parse(text, nullptr, false) : base::Json(text);
}

class ParquetReader : public RowReader {
 public:
  explicit ParquetReader(const fs::path& file) : name_(file.filename().string()) {
    guarded([&] {
      auto opened = arrow::io::ReadableFile::Open(file.string());
      if (!opened.ok()) fail(opened.status().message());
      parquet::arrow::FileReaderBuilder builder;
      check(builder.Open(*opened));
      parquet::ArrowReaderProperties properties(false);
      properties.set_batch_size(kRowsAtOnce);
      properties.set_pre_buffer(false);
      check(builder.properties(properties)->Build(&reader_));
      auto batches = reader_->GetRecordBatchReader();
      if (!batches.ok()) fail(batches.status().message());
      batches_ = std::move(*batches);
    });
  }

  bool next(RawRow& row) override {
    while (!batch_ || at_ == batch_->num_rows()) {
      at_ = 0;
      guarded([&] {
        check(batches_->ReadNext(&batch_));
        if (batch_) check(batch_->ValidateFull());
      });
      if (!batch_) return false;
    }
    base::Json json = base::Json::object();
    for (int k = 0; k < batch_->num_columns(); ++k) json[batch_->column_name(k)] = value_of(*batch_->column(k), at_, 0);
    text_ = json.dump(-1, ' ', false, base::Json::error_handler_t::replace);
    ++at_, ++line_;
    if (text_.size() > kMaxRowBytes) row_too_long(kParquetWhere, name_, line_, text_.size());
    row = {text_, line_};
    return true;
  }

  base::Json parse(const RawRow& row) const override { return parse_json_row(row, kParquetWhere, name_); }

 private:
  /// Arrow answers by a status, and the Parquet library below it by exceptions.
  template <typename Body>
  void guarded(const Body& body) const {
    try {
      body();
    } catch (const base::Error&) {
      throw;
    } catch (const std::exception& error) {
      fail(error.what());
    }
  }
  void check(const arrow::Status& status) const {
    if (!status.ok()) fail(status.message());
  }
  [[noreturn]] void fail(const std::string& what) const {
    base::file_error(kParquetWhere, {base::cat(name_, ": bad Parquet"), what.substr(0, what.find('\n')).substr(0, 200)});
  }

  std::string name_, text_;
  std::unique_ptr<parquet::arrow::FileReader> reader_;
  std::shared_ptr<arrow::RecordBatchReader> batches_;
  std::shared_ptr<arrow::RecordBatch> batch_;
  int64_t at_ = 0, line_ = 0;
};

}  // namespace
#endif

bool reads_parquet() {
#ifdef ATHANOR_PARQUET
  return true;
#else
  return false;
#endif
}

std::unique_ptr<RowReader> open_parquet(const fs::path& file) {
#ifdef ATHANOR_PARQUET
  if (is_packed(file))
    base::input_error("data.parquet", {"a Parquet file is packed inside already", file.string(), "", "unpack it first"});
  return std::make_unique<ParquetReader>(file);
#else
  base::input_error("data.parquet", {"this build does not read Parquet", file.string(), "",
                                     "make setup build PARQUET=1, or JSON lines (.jsonl) in its place"});
#endif
}

}  // namespace athanor::data
