/* Reads the test vectors that `sparse-ref vectors SUITE` writes, computes dense masked attention in double, writes what it gets.

   cc -O2 -std=c99 -Wall -Wextra -Werror reader.c -o reader -lm
   mkdir OUTPUTS && ./reader SUITE OUTPUTS && sparse-ref vectors SUITE --check OUTPUTS

   The files are little-endian, as is the machine that this is meant for. Exchange `attend` and `backward` for your own.
   A kernel for windows only would skip the cases whose kind is not `lookback`, and be checked with --only 'lookback*'. */
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* A line of cases.txt. The set is `kind a b offset`: lookback 5 0 0 is a window of 5 keys. Here the mask is read instead. */
typedef struct {
    char id[128], kind[64];
    long a, b, offset, heads, kv_heads, n_q, n_k, d, e;
    double scale, softcap;
    long sinks, topk, backward, sequences, page_size, pages, blocks;
} Case;

typedef struct {
    float *q, *k, *v, *sinks, *grad_out;
    unsigned char *mask;
    double *p, *out, *lse, *dq, *dk, *dv; /* p (n_k,) are the weights of one row */
} Arrays;

static void die(const char *what) {
    perror(what);
    exit(2);
}

static FILE *opened(const char *folder, const char *id, const char *end, const char *mode) {
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s%s", folder, id, end);
    FILE *file = length < 0 || (size_t)length >= sizeof path ? NULL : fopen(path, mode);
    if (!file) die(path);
    return file;
}

static void *array(size_t count, size_t size) {
    void *data = calloc(count ? count : 1, size);
    if (!data) die("calloc");
    return data;
}

static void *read_array(const char *folder, const char *id, const char *end, size_t count, size_t size) {
    void *data = array(count, size);
    FILE *file = opened(folder, id, end, "rb");
    if (fread(data, size, count, file) != count) die(end);
    fclose(file);
    return data;
}

static void write_array(const char *folder, const char *id, const char *end, const double *data, size_t count) {
    FILE *file = opened(folder, id, end, "wb");
    if (fwrite(data, sizeof *data, count, file) != count || fclose(file)) die(end);
}

/* Keys or values (kv_heads, n_k, width) from their pages (pages, kv_heads, page_size, width), sequence after sequence. */
static float *gathered(const char *folder, const Case *c, const char *end, long width) {
    float *pages = read_array(folder, c->id, end, c->pages * c->kv_heads * c->page_size * width, sizeof *pages);
    int32_t *table = read_array(folder, c->id, ".block_table.bin", c->sequences * c->blocks, sizeof *table);
    int32_t *lengths = read_array(folder, c->id, ".seq_lens.bin", c->sequences, sizeof *lengths);
    float *x = array(c->kv_heads * c->n_k * width, sizeof *x);
    for (long s = 0, j = 0; s < c->sequences; s++)
        for (long t = 0; t < lengths[s]; t++, j++)
            for (long g = 0; g < c->kv_heads; g++) {
                long page = table[s * c->blocks + t / c->page_size];
                const float *from = pages + ((page * c->kv_heads + g) * c->page_size + t % c->page_size) * width;
                for (long f = 0; f < width; f++) x[(g * c->n_k + j) * width + f] = from[f];
            }
    free(pages); free(table); free(lengths);
    return x;
}

static double dot(const float *x, const float *y, long width) {
    double sum = 0;
    for (long f = 0; f < width; f++) sum += (double)x[f] * y[f];
    return sum;
}

/* The logit of a query and a key, under the soft cap if there is one. */
static double logit(const Case *c, const float *q, const float *k) {
    double x = c->scale * dot(q, k, c->d);
    return c->softcap ? c->softcap * tanh(x / c->softcap) : x;
}

/* Query i of head h: out = sum_j p_j v_j over the keys with mask[j] != 0. Without any, out is 0, and lse the sink or -inf. */
static void attend(const Case *c, const Arrays *x, long h, long i) {
    long row = h * c->n_q + i, g = h / (c->heads / c->kv_heads);
    const float *q = x->q + row * c->d, *k = x->k + g * c->n_k * c->d, *v = x->v + g * c->n_k * c->e;
    const unsigned char *mask = x->mask + row * c->n_k;
    double *out = x->out + row * c->e, top = x->sinks ? x->sinks[h] : -INFINITY, total = 0;
    for (long j = 0; j < c->n_k; j++) {
        x->p[j] = mask[j] ? logit(c, q, k + j * c->d) : 0;
        if (mask[j] && x->p[j] > top) top = x->p[j];
    }
    if (x->sinks) total = exp(x->sinks[h] - top);
    for (long f = 0; f < c->e; f++) out[f] = 0;
    for (long j = 0; j < c->n_k; j++) {
        if (!mask[j]) continue;
        double p = exp(x->p[j] - top);
        total += p;
        for (long f = 0; f < c->e; f++) out[f] += p * v[j * c->e + f];
    }
    for (long f = 0; f < c->e; f++) out[f] /= total > 0 ? total : 1;
    x->lse[row] = top + log(total);
}

/* What query i of head h adds to dq, dk and dv, from its out and lse. */
static void backward(const Case *c, const Arrays *x, long h, long i) {
    long row = h * c->n_q + i, g = h / (c->heads / c->kv_heads);
    const float *q = x->q + row * c->d, *grad = x->grad_out + row * c->e;
    double delta = 0;
    for (long f = 0; f < c->e; f++) delta += grad[f] * x->out[row * c->e + f];
    for (long j = 0; j < c->n_k; j++) {
        if (!x->mask[row * c->n_k + j]) continue;
        long key = g * c->n_k + j;
        const float *k = x->k + key * c->d, *v = x->v + key * c->e;
        double logits = logit(c, q, k), p = exp(logits - x->lse[row]);
        double dx = c->scale * p * (dot(grad, v, c->e) - delta);
        if (c->softcap) dx *= 1 - pow(logits / c->softcap, 2);
        for (long f = 0; f < c->d; f++) x->dq[row * c->d + f] += dx * k[f];
        for (long f = 0; f < c->d; f++) x->dk[key * c->d + f] += dx * q[f];
        for (long f = 0; f < c->e; f++) x->dv[key * c->e + f] += p * grad[f];
    }
}

static void run(const Case *c, const char *suite, const char *outputs) {
    long rows = c->heads * c->n_q, keys = c->kv_heads * c->n_k;
    Arrays x = {0};
    x.q = read_array(suite, c->id, ".q.bin", rows * c->d, sizeof *x.q);
    x.mask = read_array(suite, c->id, ".mask.bin", rows * c->n_k, 1);
    x.k = c->page_size ? gathered(suite, c, ".k_pages.bin", c->d) : read_array(suite, c->id, ".k.bin", keys * c->d, sizeof *x.k);
    x.v = c->page_size ? gathered(suite, c, ".v_pages.bin", c->e) : read_array(suite, c->id, ".v.bin", keys * c->e, sizeof *x.v);
    if (c->sinks) x.sinks = read_array(suite, c->id, ".sinks.bin", c->heads, sizeof *x.sinks);
    x.p = array(c->n_k, sizeof *x.p);
    x.out = array(rows * c->e, sizeof *x.out);
    x.lse = array(rows, sizeof *x.lse);
    for (long row = 0; row < rows; row++) attend(c, &x, row / c->n_q, row % c->n_q);
    write_array(outputs, c->id, ".out.bin", x.out, rows * c->e);
    write_array(outputs, c->id, ".lse.bin", x.lse, rows);
    if (c->backward) {
        x.grad_out = read_array(suite, c->id, ".grad_out.bin", rows * c->e, sizeof *x.grad_out);
        x.dq = array(rows * c->d, sizeof *x.dq);
        x.dk = array(keys * c->d, sizeof *x.dk);
        x.dv = array(keys * c->e, sizeof *x.dv);
        for (long row = 0; row < rows; row++) backward(c, &x, row / c->n_q, row % c->n_q);
        write_array(outputs, c->id, ".dq.bin", x.dq, rows * c->d);
        write_array(outputs, c->id, ".dk.bin", x.dk, keys * c->d);
        write_array(outputs, c->id, ".dv.bin", x.dv, keys * c->e);
    }
    free(x.q); free(x.k); free(x.v); free(x.mask); free(x.sinks); free(x.grad_out);
    free(x.p); free(x.out); free(x.lse); free(x.dq); free(x.dk); free(x.dv);
}

int main(int count, char **folders) {
    char line[1024];
    if (count != 3) die("usage: reader SUITE OUTPUTS");
    FILE *cases = opened(folders[1], "cases", ".txt", "r");
    while (fgets(line, sizeof line, cases)) {
        Case c;
        if (line[0] == '#') continue;
        int columns = sscanf(line, "%127s %63s %ld %ld %ld %ld %ld %ld %ld %ld %ld %lf %lf %ld %ld %ld %ld %ld %ld %ld", c.id, c.kind,
                             &c.a, &c.b, &c.offset, &c.heads, &c.kv_heads, &c.n_q, &c.n_k, &c.d, &c.e, &c.scale, &c.softcap,
                             &c.sinks, &c.topk, &c.backward, &c.sequences, &c.page_size, &c.pages, &c.blocks);
        if (columns != 20) die(line);
        run(&c, folders[1], folders[2]);
    }
    return fclose(cases) ? 2 : 0;
}
