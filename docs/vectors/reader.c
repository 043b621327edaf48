/* Reads the test vectors that `sparse-ref vectors SUITE` writes, computes dense masked attention in double, writes what it gets.

   cc -O2 -std=c99 -Wall -Wextra -Werror reader.c -o reader -lm
   mkdir OUTPUTS && ./reader SUITE OUTPUTS && sparse-ref vectors SUITE --check OUTPUTS

   The files are little-endian, as is the machine that this is meant for. Exchange `attend` for your own. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

static void die(const char *what) {
    perror(what);
    exit(2);
}

static FILE *opened(const char *folder, const char *name, const char *end, const char *mode) {
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/%s%s", folder, name, end);
    FILE *file = length < 0 || (size_t)length >= sizeof path ? NULL : fopen(path, mode);
    if (!file) die(path);
    return file;
}

static void *array(size_t count, size_t size) {
    void *data = calloc(count, size);
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

/* One query: out = sum_j softmax_j(scale q . k_j) v_j over the keys with mask[j] != 0; 0 and -inf where there are none. */
static void attend(const float *q, const float *k, const float *v, const unsigned char *mask, long n_k, long d, long e,
                   double scale, double *x, double *out, double *lse) {
    double top = -INFINITY, total = 0;
    for (long j = 0; j < n_k; j++) {
        x[j] = 0;
        for (long f = 0; f < d && mask[j]; f++) x[j] += scale * q[f] * k[j * d + f];
        if (mask[j] && x[j] > top) top = x[j];
    }
    for (long f = 0; f < e; f++) out[f] = 0;
    for (long j = 0; j < n_k; j++) {
        if (!mask[j]) continue;
        double p = exp(x[j] - top);
        total += p;
        for (long f = 0; f < e; f++) out[f] += p * v[j * e + f];
    }
    for (long f = 0; f < e; f++) out[f] /= total > 0 ? total : 1;
    *lse = top + log(total);
}

int main(int count, char **folders) {
    char id[128], line[512];
    long heads, groups, n_q, n_k, d, e;
    double scale;
    if (count != 3) die("usage: reader SUITE OUTPUTS");
    FILE *cases = opened(folders[1], "cases", ".txt", "r");
    while (fgets(line, sizeof line, cases)) {
        if (line[0] == '#') continue;
        if (sscanf(line, "%127s %ld %ld %ld %ld %ld %ld %lf", id, &heads, &groups, &n_q, &n_k, &d, &e, &scale) != 8) die(line);
        float *q = read_array(folders[1], id, ".q.bin", heads * n_q * d, sizeof *q);
        float *k = read_array(folders[1], id, ".k.bin", groups * n_k * d, sizeof *k);
        float *v = read_array(folders[1], id, ".v.bin", groups * n_k * e, sizeof *v);
        unsigned char *mask = read_array(folders[1], id, ".mask.bin", heads * n_q * n_k, 1);
        double *out = array(heads * n_q * e, sizeof *out), *lse = array(heads * n_q, sizeof *lse), *x = array(n_k, sizeof *x);
        for (long h = 0; h < heads; h++)
            for (long i = h * n_q, g = h / (heads / groups); i < (h + 1) * n_q; i++)
                attend(q + i * d, k + g * n_k * d, v + g * n_k * e, mask + i * n_k, n_k, d, e, scale, x, out + i * e, lse + i);
        write_array(folders[2], id, ".out.bin", out, heads * n_q * e);
        write_array(folders[2], id, ".lse.bin", lse, heads * n_q);
        free(q); free(k); free(v); free(mask); free(out); free(lse); free(x);
    }
    return fclose(cases) ? 2 : 0;
}
