#include "athanor/core/kernels/flash_attention.h"

#include "tests/core/kernels/training_inputs.h"

namespace athanor::kernels {
namespace {

struct Sizes {
  int64_t batch, length, heads, kv_heads, dim;
  bool documents = false;
};

/// Documents that begin at irregular places, another set in every row.
std::vector<int32_t> document_starts(const Sizes& s) {
  base::Philox random(7, 0, base::Purpose::kTest);
  std::vector<int32_t> starts;
  for (int64_t b = 0; b < s.batch; ++b)
    for (int64_t t = 0, start = 0; t < s.length; ++t) {
      if (random.below(40) == 0) start = t;
      starts.push_back(static_cast<int32_t>(start));
    }
  return starts;
}

template <typename T>
struct Problem {
  Sizes s;
  Fenced<T> q, k, v, dout, out, dq, dk, dv;
  Fenced<float> lse;
  std::vector<int32_t> starts;

  explicit Problem(const Sizes& sizes)
      : s(sizes),
        q(random_elements<T>(queries(), 1)),
        k(random_elements<T>(keys(), 2)),
        v(random_elements<T>(keys(), 3)),
        dout(random_elements<T>(queries(), 4)),
        out(queries()),
        dq(queries()),
        dk(keys()),
        dv(keys()),
        lse(s.batch * s.heads * s.length),
        starts(s.documents ? document_starts(s) : std::vector<int32_t>()) {}
  int64_t queries() const { return s.batch * s.length * s.heads * s.dim; }
  int64_t keys() const { return s.batch * s.length * s.kv_heads * s.dim; }
  float scale() const { return 1.0f / std::sqrt(static_cast<float>(s.dim)); }

  template <typename V>
  HeadView<V> view(Fenced<T>& x) const {
    const int64_t heads = x.size() == queries() && &x != &k && &x != &v && &x != &dk && &x != &dv ? s.heads : s.kv_heads;
    return {x.data(), s.length * heads * s.dim, heads * s.dim, s.dim};
  }
  AttentionShape shape() const {
    return {s.batch, s.length, s.heads, s.kv_heads, s.dim, scale(), s.documents ? starts.data() : nullptr};
  }
  void forward() { flash_attention<T>(shape(), view<const T>(q), view<const T>(k), view<const T>(v), view<T>(out), lse.data()); }
  void backward() {
    flash_attention_backward<T>(shape(), {view<const T>(q), view<const T>(k), view<const T>(v), view<const T>(out),
                                          view<const T>(dout), lse.data(), view<T>(dq), view<T>(dk), view<T>(dv)});
  }
};

struct FlashAttentionReference {
  std::vector<double> out, lse, dq, dk, dv;
};

template <typename T>
FlashAttentionReference reference_flash_attention(Problem<T>& p) {
  const Sizes& s = p.s;
  const int64_t per_group = s.heads / s.kv_heads;
  FlashAttentionReference r;
  r.out.resize(static_cast<size_t>(p.queries()));
  r.dq.resize(r.out.size());
  r.dk.resize(static_cast<size_t>(p.keys()));
  r.dv.resize(r.dk.size());
  for (int64_t b = 0; b < s.batch; ++b)
    for (int64_t h = 0; h < s.heads; ++h)
      for (int64_t t = 0; t < s.length; ++t) {
        const int64_t first = s.documents ? p.starts[static_cast<size_t>(b * s.length + t)] : 0;
        const auto query = [&](int64_t d) { return ((b * s.length + t) * s.heads + h) * s.dim + d; };
        const auto key = [&](int64_t j, int64_t d) { return ((b * s.length + j) * s.kv_heads + h / per_group) * s.dim + d; };
        std::vector<double> prob;
        double total = 0, delta = 0;
        for (int64_t j = first; j <= t; ++j) {
          double score = 0;
          for (int64_t d = 0; d < s.dim; ++d) score += p.q.at(query(d)) * p.k.at(key(j, d));
          prob.push_back(std::exp(score * static_cast<double>(p.scale())));
          total += prob.back();
        }
        for (int64_t d = 0; d < s.dim; ++d) {
          double& out = r.out[static_cast<size_t>(query(d))];
          for (int64_t j = first; j <= t; ++j) out += prob[static_cast<size_t>(j - first)] / total * p.v.at(key(j, d));
          delta += out * p.dout.at(query(d));
        }
        r.lse.push_back(std::log(total));
        for (int64_t j = first; j <= t; ++j) {
          const double pj = prob[static_cast<size_t>(j - first)] / total;
          double dp = 0;
          for (int64_t d = 0; d < s.dim; ++d) dp += p.dout.at(query(d)) * p.v.at(key(j, d));
          const double ds = pj * (dp - delta) * static_cast<double>(p.scale());
          for (int64_t d = 0; d < s.dim; ++d) {
            r.dq[static_cast<size_t>(query(d))] += ds * p.k.at(key(j, d));
            r.dk[static_cast<size_t>(key(j, d))] += ds * p.q.at(query(d));
            r.dv[static_cast<size_t>(key(j, d))] += pj * p.dout.at(query(d));
          }
        }
      }
  return r;
}

template <typename T>
void expect_formula(const Sizes& s) {
  SCOPED_TRACE(testing::Message() << "T " << s.length << " H " << s.heads << " G " << s.kv_heads << " D " << s.dim << " documents "
                                  << s.documents << " bytes " << sizeof(T));
  Problem<T> p(s);
  const FlashAttentionReference r = reference_flash_attention(p);
  for_levels([&](IsaLevel) {
    // bf16: P and dS are rounded before their products, 2^-9 of each term; what cancels leaves that relative to the largest.
    const double f32 = 4e-6, near = std::same_as<T, float> ? f32 : 0x1p-6;
    p.forward();
    expect_close(p.out, r.out, near, "out");
    expect_close(p.lse, r.lse, 4e-6, "lse");
    p.backward();
    expect_close(p.dq, r.dq, 2 * near, "dq", 0.25);
    expect_close(p.dk, r.dk, 2 * near, "dk", 0.25);
    expect_close(p.dv, r.dv, near, "dv");
  });
}

TEST(FlashAttention, EveryHeadSize) {
  for_types([]<typename T>() {
    for (int64_t dim : {7, 16, 24, 32, 64, 80, 96, 128, 256}) expect_formula<T>({1, 70, 2, 1, dim});
  });
}

TEST(FlashAttention, LengthsAroundBlocks) {
  for_types([]<typename T>() {
    for (int64_t length : {2, 15, 16, 63, 64, 65, 130}) expect_formula<T>({1, length, 1, 1, 16});
  });
}

TEST(FlashAttention, GroupsOfHeadsAndDocuments) {
  for_types([]<typename T>() {
    expect_formula<T>({2, 150, 4, 4, 16, true});
    expect_formula<T>({2, 150, 6, 2, 32, true});
    expect_formula<T>({3, 40, 4, 1, 24, true});
  });
}

TEST(FlashAttention, OneTokenSeesItself) {
  for_types([]<typename T>() {
    for_levels([](IsaLevel) {
      Problem<T> p({1, 1, 2, 1, 16});
      p.forward();
      p.backward();
      for (int64_t i = 0; i < p.out.size(); ++i) {
        ASSERT_EQ(p.out[i], p.v[i % 16]);
        ASSERT_NEAR(p.dq.at(i), 0, sizeof(T) == 4 ? 1e-5 : 0.03);  // dP - delta cancels up to their rounding
      }
    });
  });
}

TEST(FlashAttention, LargeScoresStayFinite) {
  for_levels([](IsaLevel) {
    Problem<float> p({1, 80, 1, 1, 16, true});
    for (int64_t i = 0; i < p.q.size(); ++i) p.q[i] *= 1e4f;
    p.forward();
    p.backward();
    for (int64_t i = 0; i < p.out.size(); ++i)
      ASSERT_TRUE(std::isfinite(p.out[i]) && std::isfinite(p.dq[i]) && std::isfinite(p.dk[i]));
  });
}

TEST(FlashAttention, NotANumberIsSeenByLaterQueriesOnly) {
  for_types([]<typename T>() {
    for_levels([](IsaLevel) {
      Problem<T> p({1, 100, 1, 1, 16});
      p.k[70 * 16] = from_f32<T>(NAN);
      p.forward();
      for (int64_t t = 0; t < 100; ++t) ASSERT_EQ(std::isnan(p.out.at(t * 16)), t >= 70) << t;
    });
  });
}

TEST(FlashAttention, ReadsAndWritesInsideOneProjection) {
  for_levels([](IsaLevel) {
    const Sizes s = {2, 70, 4, 2, 16};
    Problem<float> p(s);
    p.forward();
    const int64_t row = (4 + 2 + 2) * 16;
    Fenced<float> qkv(2 * 70 * row), out(p.queries());
    for (int64_t token = 0; token < 2 * 70; ++token) {
      std::copy_n(p.q.data() + token * 64, 64, qkv.data() + token * row);
      std::copy_n(p.k.data() + token * 32, 32, qkv.data() + token * row + 64);
      std::copy_n(p.v.data() + token * 32, 32, qkv.data() + token * row + 96);
    }
    const auto inside = [&](int64_t at) { return HeadView<const float>{qkv.data() + at, 70 * row, row, 16}; };
    flash_attention<float>(p.shape(), inside(0), inside(64), inside(96), {out.data(), 70 * 64, 64, 16}, nullptr);
    EXPECT_EQ(out.copy(), p.out.copy());
  });
}

TEST(FlashAttention, ResultsDoNotDependOnThreads) {
  for_types([]<typename T>() {
    Problem<T> p({2, 200, 4, 2, 32, true});
    expect_thread_independent([&] {
      p.forward();
      p.backward();
      std::vector<T> all = p.out.copy();
      for (Fenced<T>* part : {&p.dq, &p.dk, &p.dv}) {
        const std::vector<T> numbers = part->copy();
        all.insert(all.end(), numbers.begin(), numbers.end());
      }
      return all;
    });
  });
}

}  // namespace
}  // namespace athanor::kernels
