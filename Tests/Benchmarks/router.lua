-- The gateway's own checks as an engineer would write them on nginx + Lua: HS256 by the tenant's secret, exp, qsh, and
-- the region of the tenant. HMAC and SHA-256 are libcrypto's, the same code the gateway calls.
local ffi = require "ffi"
local json = require "cjson.safe"

ffi.cdef [[
typedef struct evp_md_st EVP_MD;
const EVP_MD *EVP_sha256(void);
unsigned char *HMAC(const EVP_MD *md, const void *key, int key_size, const unsigned char *data, size_t size,
                    unsigned char *out, unsigned int *out_size);
unsigned char *SHA256(const unsigned char *data, size_t size, unsigned char *out);
]]
local crypto = ffi.load("crypto")
local sha256 = crypto.EVP_sha256()
local digest, digest_size = ffi.new("unsigned char[32]"), ffi.new("unsigned int[1]")
local leeway = 30
local tenants = {}

local function refuse()
  return ngx.exit(401)
end

local function decode(text)
  text = text:gsub("-", "+"):gsub("_", "/")
  return ngx.decode_base64(text .. string.rep("=", -#text % 4)) or ""
end

local function hexadecimal(bytes)
  local digits = {}
  for index = 0, 31 do digits[index + 1] = string.format("%02x", bytes[index]) end
  return table.concat(digits)
end

local function encoded(value)
  return value == true and "" or (ngx.escape_uri(value))
end

local function canonical_query(arguments)
  local names = {}
  for name in pairs(arguments) do names[#names + 1] = name end
  table.sort(names)
  local parts = {}
  for _, name in ipairs(names) do
    local value = arguments[name]
    if type(value) == "table" then
      table.sort(value)
      local all = {}
      for index, one in ipairs(value) do all[index] = encoded(one) end
      parts[#parts + 1] = encoded(name) .. "=" .. table.concat(all, ",")
    else
      parts[#parts + 1] = encoded(name) .. "=" .. encoded(value)
    end
  end
  return table.concat(parts, "&")
end

local function verified_claims(token)
  local head, body, signature = token:match("^([^.]+)%.([^.]+)%.([^.]+)$")
  if not head then return nil end
  local header, claims = json.decode(decode(head)), json.decode(decode(body))
  if not header or header.alg ~= "HS256" or not claims then return nil end
  local tenant = tenants[claims.iss]
  if not tenant then return nil end
  local signed = head .. "." .. body
  crypto.HMAC(sha256, tenant.secret, #tenant.secret, signed, #signed, digest, digest_size)
  if ffi.string(digest, 32) ~= decode(signature) then return nil end
  if not claims.exp or claims.exp < ngx.time() - leeway then return nil end
  return claims, tenant
end

local router = {}

function router.load(path)
  for line in io.lines(path) do
    local key, secret, region = line:match("^(%S+)\t(%S+)\t(%S+)")
    tenants[key] = { secret = secret, region = region }
  end
end

function router.route()
  local arguments = ngx.req.get_uri_args()
  local token = arguments.jwt or (ngx.var.http_authorization or ""):match("^JWT (.+)$")
  if type(token) ~= "string" then return refuse() end
  local claims, tenant = verified_claims(token)
  if not claims then return refuse() end
  arguments.jwt = nil
  local canonical = ngx.req.get_method() .. "&" .. ngx.var.uri .. "&" .. canonical_query(arguments)
  crypto.SHA256(canonical, #canonical, digest)
  if hexadecimal(digest) ~= claims.qsh then return refuse() end
  ngx.var.region = tenant.region
  ngx.var.tenant = claims.iss
end

return router
